"""What people write for the things of the vocabulary. Commas part the synonyms."""

from __future__ import annotations

from overshoot.adapters.inference.local.vocabulary import Subject, Word

# Named without saying which: "which gesture", "what colours".
SUBJECTS: dict[Subject, str] = {
    Subject.GESTURE: "gesture,gestures,hand gesture,hand gestures,hand sign,hand signs,"
    "hand pose,hand poses",
    Subject.HANDS: "hands,how many hands,number of hands,count of hands,count the hands,"
    "count hands,hand count,hands count,hands visible,num hands,n hands",
    Subject.FACE: "faces,how many faces,number of faces,count of faces,count the faces,count faces,"
    "face count,faces count,faces visible,num faces,n faces",
    Subject.MOTION: "movement,movements,moves,move,moving,moved,what is moving,what moves,"
    "anything moving,something moving,motion detected,is moving,moving objects,moving object",
    Subject.DIRECTION: "direction,directions,which way,which direction,where to,heading,"
    "motion direction,movement direction,direction of motion,direction of movement,"
    "direction of the motion,direction of the movement,what direction,moving direction",
    Subject.REGION: "where,region,regions,location,position,area,where is the motion,"
    "where is the movement,where does it move,motion region,motion location,part of the picture,"
    "part of the frame,quadrant",
    Subject.CAMERA: "camera,camera motion,camera movement,pan,panning,camera move,camera moves,"
    "camera state,pans,tilt,tilting",
    Subject.LIGHT: "light,lights,lighting,brightness,illumination,how bright,how dark,exposure,"
    "light level,lighting conditions,light change,luminance",
    Subject.COLOUR: "color,colors,colour,colours,dominant color,dominant colors,dominant colour,"
    "dominant colours,main color,main colors,main colour,main colours,which color,which colour",
    Subject.QR: "qr text,qr content,qr value,qr data,text of the qr code,content of the qr code,"
    "read the qr code,scan the qr code",
}

WORDS: dict[Word, str] = {
    Word.WAVING_HAND: "wave,waves,waving,waved,hello,hand wave,"
    "hand waving,waving hands,wave hand,waves hand,wave a hand,waving a hand,waving the hand,"
    "hand is waving,waving hello,waving goodbye,waving at the camera,waves at the camera",
    Word.CLAPPING: "clap,claps,clapped,clapping hands,hands clapping,hand clap,hand clapping,"
    "clapping the hands,claps hands,clap hands,applause,applauding,applauds,applaud",
    Word.THUMBS_UP: "thumb up,thumbsup,thumbs up gesture,thumb is up",
    Word.THUMBS_DOWN: "thumb down,thumbsdown",
    Word.POINTING: "pointing finger,pointing up,pointing gesture,index finger,"
    "raised index finger,index finger up,finger pointing,pointing at the camera",
    Word.OPEN_HAND: "open palm,palm,raised hand,hand raised,hand up,raise hand,raising hand,"
    "high five,open hands,four fingers,five fingers,stop sign with the hand,raised open hand",
    Word.FIST: "closed fist,closed hand,clenched fist,fists,make a fist,making a fist",
    Word.VICTORY: "victory sign,peace,peace sign,v sign,two fingers",
    Word.HAND: "a hand,hand visible,hand present,has hand,any hand,hand detected",
    Word.FACE: "face,a face,any face,has face,face visible,face present,face detected,near face,"
    "face near,face close up,close up of a face,face in view,face in the picture,person near,"
    "person nearby,person close,person close to the camera,person near the camera,"
    "person in front of the camera,person at the camera,somebody near,someone near,somebody close,"
    "someone close,somebody near the camera,someone near the camera,someone in front of the camera,"
    "somebody in front of the camera,someone at the camera,somebody at the camera",
    Word.MOTION: "has motion,any motion,motion present,there is motion",
    Word.NO_MOTION: "nothing moves,nothing moving,motionless,no movement,static scene",
    Word.MOVING_LEFT: "moves left,move left,moving to the left,leftward,leftwards,to the left,"
    "right to left,moved left,from right to left",
    Word.MOVING_RIGHT: "moves right,move right,moving to the right,rightward,rightwards,"
    "to the right,left to right,moved right,from left to right",
    Word.MOVING_UP: "moves up,move up,moving upward,moving upwards,upward,upwards,moved up",
    Word.MOVING_DOWN: "moves down,move down,moving downward,moving downwards,downward,downwards,"
    "moved down",
    Word.UPPER_LEFT: "top left,left top,left upper",
    Word.UPPER_CENTRE: "upper centre,upper center,top centre,top center,upper middle,top middle",
    Word.UPPER_RIGHT: "top right,right top,right upper",
    Word.LEFT: "middle left,center left,centre left,left half",
    Word.CENTRE: "center,middle,centre of the picture,middle centre,middle center,center center",
    Word.RIGHT: "middle right,center right,centre right,right half",
    Word.LOWER_LEFT: "bottom left,left bottom,left lower",
    Word.LOWER_CENTRE: "lower centre,lower center,bottom centre,bottom center,lower middle,"
    "bottom middle",
    Word.LOWER_RIGHT: "bottom right,right bottom,right lower",
    Word.CAMERA_MOVING: "camera is moving,moving camera,does the camera move,is the camera moving",
    Word.CAMERA_STILL: "camera static,static camera,still camera,camera is still,steady camera,"
    "camera steady,fixed camera",
    Word.PAN_LEFT: "pan left,panning left,pans left,camera left,camera pan left,camera pans left",
    Word.PAN_RIGHT: "pan right,panning right,pans right,camera right,camera pan right,"
    "camera pans right",
    Word.TILT_UP: "tilt up,tilting up,pan up,panning up,camera up,camera pans up,camera panning up",
    Word.TILT_DOWN: "tilt down,tilting down,pan down,panning down,camera down,camera pans down,"
    "camera panning down",
    Word.SHAKING: "camera shake,shaky camera,shaking camera,shaky",
    Word.DARK: "darkness,too dark,dark room",
    Word.DIM: "dimly lit,low light,gloomy",
    Word.NORMAL_LIGHT: "normal lighting,well lit,normal brightness",
    Word.BRIGHT: "too bright,overexposed,brightly lit,bright light",
    Word.BRIGHTER: "brighter,brightening,becoming brighter,gets brighter",
    Word.DARKER: "darker,darkening,dimming,becoming darker,gets darker",
    Word.BLACK: "",
    Word.WHITE: "",
    Word.GRAY: "grey",
    Word.RED: "",
    Word.ORANGE: "",
    Word.BROWN: "",
    Word.YELLOW: "",
    Word.GREEN: "",
    Word.CYAN: "turquoise,teal",
    Word.BLUE: "",
    Word.PURPLE: "violet",
    Word.PINK: "magenta",
    Word.QR_CODE: "qr,qr codes,qrcode,qrcodes,has qr,qr present,qr visible,a qr code,"
    "two dimensional code,2d code",
}

# Too common in sentences to look for in a prompt, but clear as the label of an action.
LABELS: dict[Word, str] = {
    Word.WAVING_HAND: "hi,greeting,goodbye,bye",
    Word.THUMBS_UP: "like,likes,approval,approve",
    Word.THUMBS_DOWN: "dislike,dislikes,disapproval,disapprove",
    Word.POINTING: "point,points",
}

_UP_DOWN = {"up": "up,top,north,bottom to top", "down": "down,bottom,south,top to bottom"}

SHORT: dict[Subject, dict[Word, str]] = {
    Subject.GESTURE: {
        Word.OPEN_HAND: "open,five,four,stop",
        Word.FIST: "closed,close",
        Word.VICTORY: "v,two",
        Word.POINTING: "pointer,one",
        Word.THUMBS_UP: "up",
        Word.THUMBS_DOWN: "down",
    },
    Subject.HANDS: {Word.HAND: "present,visible,yes,true"},
    Subject.FACE: {Word.FACE: "present,visible,near,close,yes,true"},
    Subject.MOTION: {
        Word.MOTION: "yes,true,moving,present,detected,active",
        Word.NO_MOTION: "no,false,none,still,static,stationary,absent,idle",
    },
    Subject.DIRECTION: {
        Word.MOVING_LEFT: "left,west",
        Word.MOVING_RIGHT: "right,east",
        Word.MOVING_UP: _UP_DOWN["up"],
        Word.MOVING_DOWN: _UP_DOWN["down"],
        Word.NO_MOTION: "still,static,stationary,not moving",
    },
    Subject.REGION: {
        Word.LEFT: "left,west",
        Word.RIGHT: "right,east",
        Word.UPPER_CENTRE: "upper,up,north",
        Word.LOWER_CENTRE: "lower,down,south",
    },
    Subject.CAMERA: {
        Word.PAN_LEFT: "left",
        Word.PAN_RIGHT: "right",
        Word.TILT_UP: "up",
        Word.TILT_DOWN: "down",
        Word.CAMERA_STILL: "still,static,steady,fixed,stable,stationary,none,no",
        Word.CAMERA_MOVING: "moving,moved,motion,yes",
        Word.SHAKING: "shake,shaking,unsteady",
    },
    Subject.LIGHT: {
        Word.DARK: "low,very dark",
        Word.DIM: "medium low",
        Word.NORMAL_LIGHT: "normal,medium,average,ok,good",
        Word.BRIGHT: "high,light,very bright",
        Word.BRIGHTER: "increasing",
        Word.DARKER: "decreasing",
    },
    Subject.QR: {Word.QR_CODE: "code,present,visible,yes,true,barcode"},
}
