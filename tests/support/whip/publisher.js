// A WHIP publisher as a page has one: RFC 9725 with candidates that trickle, sound, and layers.
class Publisher {
  constructor(url, key) {
    this.url = url;
    this.headers = { Authorization: `Bearer ${key}` };
    this.calls = [];
    this.found = [];
  }

  async call(method, url, headers = {}, body = undefined) {
    const answer = await fetch(url, { method, headers: { ...this.headers, ...headers }, body });
    this.calls.push([method, answer.status]);
    return answer;
  }

  async start({ codec = null, layers = 1 } = {}) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    document.getElementById("seen").srcObject = stream;
    this.peer = new RTCPeerConnection();
    this.peer.onicecandidate = ({ candidate }) => candidate && this.found.push(candidate);
    this.peer.addTransceiver(stream.getAudioTracks()[0], { direction: "sendonly" });
    const sendEncodings = ["low", "mid", "high"].slice(0, layers).map((rid) => ({ rid }));
    const video = this.peer.addTransceiver(stream.getVideoTracks()[0], {
      direction: "sendonly",
      sendEncodings: layers > 1 ? sendEncodings : [{}],
    });
    if (codec) {
      const { codecs } = RTCRtpSender.getCapabilities("video");
      video.setCodecPreferences(codecs.filter(({ mimeType }) => mimeType === codec));
    }
    await this.peer.setLocalDescription();
    const offer = this.peer.localDescription.sdp;
    const answer = await this.call("POST", this.url, { "Content-Type": "application/sdp" }, offer);
    if (answer.status !== 201) return { status: answer.status, error: await answer.json() };
    this.session = new URL(answer.headers.get("Location"), answer.url);
    this.tag = answer.headers.get("ETag");
    await this.peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    await this.gathered();
    const trickled = await this.trickle(offer);
    return { status: 201, offered: offer.match(/a=candidate/g)?.length ?? 0, trickled,
             streamId: answer.headers.get("X-Stream-Id") };
  }

  gathered() {
    return new Promise((done) => {
      const look = () => this.peer.iceGatheringState === "complete" && done();
      this.peer.addEventListener("icegatheringstatechange", look);
      look();
    });
  }

  async trickle(offer) {
    const line = (name) => offer.match(new RegExp(`^a=${name}:.*$`, "m"))[0].trim();
    const first = this.found.filter(({ sdpMLineIndex }) => sdpMLineIndex === 0);
    const body = [
      line("ice-ufrag"), line("ice-pwd"), "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0",
      ...first.map(({ candidate }) => `a=${candidate}`), "a=end-of-candidates", "",
    ].join("\r\n");
    const headers = { "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": this.tag };
    return (await this.call("PATCH", this.session, headers, body)).status;
  }

  async bytesOfSound() {
    let sent = 0;
    (await this.peer.getStats()).forEach((each) => {
      if (each.type === "outbound-rtp" && each.kind === "audio") sent += each.bytesSent;
    });
    return sent;
  }

  async stop() {
    const answer = await this.call("DELETE", this.session);
    this.peer.close();
    return answer.status;
  }

  vanish() {
    this.peer.close();
  }
}
