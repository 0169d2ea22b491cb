"""One bit rate for a whole video, whatever the receiver estimates."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, cast

from aiortc.rtp import RTCP_PSFB_APP, RtcpPsfbPacket, pack_remb_fci

if TYPE_CHECKING:
    from aiortc import RTCRtpSender

MOST_BITS_PER_SECOND: Final = 3_000_000
"""Of video time. Encoders of aiortc keep to their own most: 1.5 Mbit/s for VP8, 3 for H264."""


def hold_bitrate(sender: RTCRtpSender) -> Callable[[], Awaitable[None]]:
    """Let ``sender`` pass over the receiver's estimates (REMB) of what the network carries.

    They follow the clock on the wall, so that two runs over one file would be encoded differently;
    and where a file is sent faster than it plays, they say nothing about the rate of the video.

    This replaces one method of one sender and names no module state; a test shows that it works
    with the aiortc that is pinned.

    Returns:
        What is to be awaited once the first frame has been encoded: from then on the best quality
        that the encoder has is asked for. Before, there is no encoder that could be asked.
    """
    target = cast("Any", sender)
    handle: Callable[[object], Awaitable[None]] = target._handle_rtcp_packet

    async def without_estimates(packet: object) -> None:
        if not (isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP):
            await handle(packet)

    async def ask_for_the_most() -> None:
        ssrc = target._ssrc
        fci = pack_remb_fci(MOST_BITS_PER_SECOND, [ssrc])
        await handle(RtcpPsfbPacket(RTCP_PSFB_APP, ssrc=ssrc, media_ssrc=0, fci=fci))

    target._handle_rtcp_packet = without_estimates
    return ask_for_the_most
