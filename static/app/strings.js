// Every text of the chat page, in one place: English, and Spanish of the same
// shape (a test compares them). Whoever adds a text adds it to both. Spanish
// says usted, in words that are at home all over Latin America.
//
// Names that stay as they are, because tests and people's habits rely on them:
//
//   everywhere   landmarks: banner, main; heading level 1 names the view; status "Connection"
//                (in a session); buttons "Leave quickly", "Log out", and where something is asked first, its own "Cancel";
//                group "Language" with buttons "English", "Español" (pressed: the one that is shown)
//   login        heading "Log in"; textboxes "Phone", "Last name" (or "Name"), "Code"; buttons "Send code", "Log in",
//                "Send a new code", "Change phone or name"; errors are alerts
//   list         heading "Your sessions"; region "To do" with a link for each survey; regions "Today", "Coming", "Past"
//                with an article for each session, named like it, with button "Enter" (or "Read", once it has ended);
//                buttons "Refresh", "Tell me of new messages" (pressed: on)
//   waiting      heading = session's name; region "Waiting room" or "Before you enter" (links to surveys); button "Leave"
//   chat         heading = session's name; buttons "Leave", "People" and "Whiteboard" (pressed: shown; where the window is
//                narrow instead of the messages, with a button "Back to messages"); link "Skip to messages"
//                button "More" (expanded or not): once it is pressed, group "More" with the buttons "Help", "Log out", for
//                therapists also "Notice", "End session" and "Print", and the group "Language"
//                each conversation shown is a region named like its button ("Group" or the peer's name); where several
//                stand side by side each private one has a button "Close NAME"
//                navigation "Conversations": buttons "Group" and peers' names; after the name "N unread" if any
//                log "Messages", in a private conversation "Messages with NAME": an article for each message, named
//                "AUTHOR, TIME"; buttons "Show earlier messages", "Show later messages", and beside it "N new messages" or
//                "To the newest messages"; each new message of others is said once, beside the log, which is not live itself
//                in an article: buttons "Reply", "React", "Delete"; group "Reactions": "Heart", "Smile", "Sad", "Angry"
//                (pressed: mine; with a count if there are any, "Heart, 2", and the names as description)
//                group "Delete this message?": buttons "Delete message", "Cancel"
//                textbox "Message", in a private conversation "Message to NAME"; buttons "Send", "Cancel reply"; a message
//                that was not sent: "Retry", "Edit", "Discard"; after "@" listbox "People to mention" with an option for each
//                region "People": a listitem for each; therapists have "Admit NAME" for who waits, "Admit all" where two do, and
//                for each a button "Actions for NAME"; once it is pressed: "Write to NAME", "Mute NAME", "Unmute NAME",
//                "Move NAME to the waiting room", "Admit NAME", "Remove NAME" (group "Remove NAME?": "Remove", "Cancel"), and
//                "Help NAME to log in" (group of that name: "Unlock", "Make a code", "Close"; with a code "Done")
//                region "Whiteboard": its text; therapists have textbox "Whiteboard text" and button "Save whiteboard"
//                region "Notice to everyone": textbox "Notice text", buttons "Send notice", "Cancel"
//                group "End the session for everyone?": buttons "End now", "In 1 minute", "In 5 minutes", "In 10 minutes",
//                "Cancel"; then region "End of the session" with a timer and the button "Stop" (also for 10 s after "End now")
//   print        heading = session's name; region "Transcript"; buttons "Print this page", "Back to the chat"
//   ended        the chat, without writing; region "The session has ended", with links to surveys; button "Back to your sessions"

import {language} from './language.js';

const en = {
  app: 'Hearth',
  loading: 'Loading…',
  logOut: 'Log out',
  cancel: 'Cancel',
  tryNow: 'Try now',
  broken: 'Something went wrong on this page. What you were writing is kept. Please reload the page.',
  reload: 'Reload',
  language: 'Language',
  skip: 'To the content',

  exit: {
    button: 'Leave quickly',
    hint: 'Closes this page at once and logs you out. Pressing the Escape key twice does the same.',
  },

  notify: {
    turnOn: 'Tell me of new messages',
    about: 'While this page is open in the background. It says only that there is a message: never from whom, or what.',
    denied: 'Your browser does not allow it. You can change that in the browser’s settings for this page.',
    message: 'New message',
  },

  offline: 'The server cannot be reached. Please check your internet connection. This page keeps trying.',

  login: {
    title: 'Log in',
    step: (/** @type {number} */ n, /** @type {number} */ of) => `Step ${n} of ${of}`,
    // What is asked for beside the phone: the label, the same within a sentence, and what is said when it is missing.
    field: {
      last_name: {label: 'Last name', inText: 'last name', missing: 'Please enter your last name.'},
      name: {label: 'Name', inText: 'name', missing: 'Please enter your name.'},
    },
    about: (/** @type {string} */ field) => `Enter the phone number and the ${field} that you are registered with. You will get a code by SMS.`,
    phone: 'Phone',
    phoneHint: 'For example 650 555 0123, or with country code +1 650 555 0123',
    sendCode: 'Send code',
    sending: 'One moment…',
    codeAbout: (/** @type {string} */ phone, /** @type {string} */ field) => `If ${phone} and the ${field} are registered, an SMS with a code is on its way. It can take a minute.`,
    goodFor: (/** @type {string} */ how) => `The code is good for ${how}.`,
    code: 'Code',
    codeHint: (/** @type {number} */ n) => `The ${n} digits from the newest SMS`,
    logIn: 'Log in',
    resend: 'Send a new code',
    resendIn: (/** @type {string} */ how) => `You can ask for a new code in ${how}.`,
    resent: 'A new code is on its way. Older codes no longer work.',
    expired: 'The code is too old by now. Please ask for a new one.',
    back: 'Change phone or name',
    phoneMissing: 'Please enter your phone number.',
    codeMissing: 'Please enter the code.',
    codeNotDigits: 'A code has digits only. Please check it.',
    codeLength: (/** @type {number} */ n) => `A code has ${n} digits. Please check it.`,
    again: 'You have been logged out. Please log in again.',
    againKept: 'You have been logged out. Please log in again. What you were writing is still here.',
  },

  list: {
    title: 'Your sessions',
    none: 'There is no session for you at present.',
    noneAbout: 'When your therapist plans one, it appears here by itself.',
    today: 'Today',
    coming: 'Coming',
    past: 'Past',
    todo: 'To do',
    todoAbout: 'Please fill in these surveys. You come back to this page afterwards.',
    todoItem: (/** @type {string} */ title, /** @type {string} */ session) => `${title} (${session})`,
    enter: 'Enter',
    read: 'Read',
    todayAt: (/** @type {string} */ time) => `Today, ${time}`,
    status: {scheduled: 'Not started yet', open: 'Open now', ended: 'Ended'},
    unread: (/** @type {number} */ n) => n === 1 ? '1 unread message' : `${n} unread messages`,
    refresh: 'Refresh',
    stale: 'This may not be up to date.',
    removed: 'You are no longer in this session. If you think that this is a mistake, please contact your therapist.',
    not_allowed: 'There is no such session for you.',
    left: 'You have left the session.',
    leftUnsent: 'You have left the session. What you wrote last could not be sent yet. It is sent when you enter the session again in this window.',
  },

  waiting: {
    title: 'Waiting room',
    waiting_room: 'Your therapist will let you in. You do not have to do anything; this page moves on by itself.',
    beforeTitle: 'Before you enter',
    assessments_incomplete: 'Please fill in what is listed here first. You come back to this page afterwards.',
    noLink: 'Please ask your therapist about it.',
    moment: 'One moment, you are being let in…',
    absent: 'The therapist is not here yet.',
    present: (/** @type {string[]} */ names) => `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} here.`,
    nextTitle: 'What happens next',
    nextSurveys: (/** @type {number} */ n) => n === 1 ? 'You fill in the survey above.' : `You fill in the ${n} surveys above.`,
    nextAdmit: 'Your therapist lets you in.',
    nextIn: 'The chat opens here by itself. You can leave this page open.',
    back: 'If you have finished a survey and it is still listed, please wait a moment.',
    leave: 'Leave',
    connecting: 'Entering…',
  },

  chat: {
    conversations: 'Conversations',
    group: 'Group',
    between: (/** @type {string[]} */ names) => names.join(' and '),
    unread: (/** @type {number} */ n) => `${n} unread`,
    messages: 'Messages',
    catchingUp: 'Fetching messages…',
    none: 'No messages yet.',
    earlier: 'Show earlier messages',
    later: 'Show later messages',
    newHere: 'New',
    newBelow: (/** @type {number} */ n) => n === 1 ? '1 new message' : `${n} new messages`,
    toNewest: 'To the newest messages',
    messagesWith: (/** @type {string[]} */ names) => `Messages with ${names.join(' and ')}`,
    heard: (/** @type {string} */ who, /** @type {string} */ body) => `${who}: ${body}`,
    heardYou: (/** @type {string} */ who, /** @type {string} */ body) => `${who} mentions you: ${body}`,
    heardMany: (/** @type {number} */ n) => `${n} new messages`,
    goToQuoted: 'Show that message',
    mentionsYou: 'mentions you',
    you: 'You',
    label: (/** @type {string} */ who, /** @type {string} */ time) => `${who}, ${time}`,
    to: (/** @type {string[]} */ names) => `to ${names.join(', ')}`,
    deleted: 'This message was removed.',
    deletedKept: 'Removed. Only therapists see this text.',
    quoteDeleted: '(removed)',
    noticeDeleted: 'This notice was removed.',
    inReply: (/** @type {string} */ who) => `In reply to ${who}`,
    gone: 'A message that is not shown',
    reply: 'Reply',
    react: 'React',
    delete: 'Delete',
    deleteAsk: 'Delete this message?',
    deleteAbout: 'Others will see that a message was removed. The therapist can still read it.',
    deleteTherapist: 'Participants will see that a message was removed.',
    deleteNow: 'Delete message',
    reactions: 'Reactions',
    icons: {heart: ['Heart', '❤️'], smile: ['Smile', '🙂'], sad: ['Sad', '😢'], angry: ['Angry', '😠']},
    reacted: (/** @type {string} */ icon, /** @type {number} */ n) => `${icon}, ${n}`,
    reactedBy: (/** @type {string} */ sign, /** @type {string[]} */ names) => `${sign} ${names.join(', ')}`,
    seenBy: (/** @type {string[]} */ names) => `Read by ${names.join(', ')}`,
    seenByCount: (/** @type {number} */ n) => `Read by ${n}`,
    sending: 'Sending…',
    waitsForLine: 'Is sent when the connection is back',
    retry: 'Retry',
    notSent: (/** @type {string} */ why) => `Not sent. ${why}`,
    edit: 'Edit',
    discard: 'Discard',
    message: 'Message',
    messageTo: (/** @type {string[]} */ names) => `Message to ${names.join(' and ')}`,
    mentionWho: 'People to mention',
    mentionHelp: (/** @type {number} */ n) => n === 1 ? '1 person found. Enter puts in the name.' : `${n} people found. Choose with the arrow keys, then Enter.`,
    left: (/** @type {number} */ n) => n === 1 ? '1 character left' : `${n} characters left`,
    tooLong: (/** @type {number} */ n) => n === 1 ? 'Too long by 1 character' : `Too long by ${n} characters`,
    placeholder: {group: 'Write to everyone', one: (/** @type {string[]} */ names) => `Write to ${names.join(', ')} alone`},
    replyingTo: (/** @type {string} */ who) => `Replying to ${who}`,
    cancelReply: 'Cancel reply',
    send: 'Send',
    privateNote: (/** @type {string[]} */ names) => `Only ${names.join(', ')}, you and the therapists of this session can read this.`,
    watchNote: 'You can read this conversation as a therapist of this session.',
    muted: 'The therapist has paused your writing to the group for now.',
    mutedPrivate: 'You can still write to the therapist alone.',
    cannotWrite: 'You can read here, but not write.',
    typing: (/** @type {string[]} */ names) => names.length === 1 ? `${names[0]} is typing…` : names.length === 2
      ? `${names[0]} and ${names[1]} are typing…` : 'Several people are typing…',
    leave: 'Leave',
    end: 'End session',
    endAsk: 'End the session for everyone?',
    showPeople: 'People',
    showBoard: 'Whiteboard',
    boardNew: 'changed',
    unreadIn: (/** @type {number} */ n, /** @type {string} */ name) => n === 1 ? `1 unread message in ${name}.` : `${n} unread messages in ${name}.`,
    boardChanged: 'The whiteboard was changed.',
    startedWaiting: (/** @type {string} */ n) => `${n} is waiting to be let in.`,
    startedWaitingSurvey: (/** @type {string} */ n) => `${n} has come and still has a survey to finish.`,
    skip: 'Skip to messages',
    toMessages: 'Back to messages',
    more: 'More',
    close: 'Close',
    closeOf: (/** @type {string} */ n) => `Close ${n}`,
    elsewhere: 'elsewhere',
    waitingCount: (/** @type {number} */ n) => n === 1 ? '1 waits' : `${n} wait`,
    actionFailed: {
      reaction: (/** @type {string} */ why) => `Your reaction was not sent. ${why}`,
      delete: (/** @type {string} */ why) => `It was not deleted. ${why}`,
      whiteboard: (/** @type {string} */ why) => `The whiteboard was not saved. ${why}`,
      notice: (/** @type {string} */ why) => `The notice was not sent. ${why}`,
      endChatSession: (/** @type {string} */ why) => `The session was not ended. ${why}`,
    },
  },

  people: {
    title: 'People',
    you: 'you',
    therapist: 'therapist',
    muted: 'muted',
    status: {online: 'here', waiting: 'waits', offline: 'not here'},
    reason: {waiting_room: 'waits to be let in', assessments_incomplete: 'waits, with a survey to finish'},
    admit: 'Admit',
    mute: 'Mute',
    unmute: 'Unmute',
    revoke: 'To the waiting room',
    remove: 'Remove',
    of: {
      admit: (/** @type {string} */ n) => `Admit ${n}`, mute: (/** @type {string} */ n) => `Mute ${n}`, unmute: (/** @type {string} */ n) => `Unmute ${n}`,
      revoke: (/** @type {string} */ n) => `Move ${n} to the waiting room`, remove: (/** @type {string} */ n) => `Remove ${n}`,
    },
    removeAsk: (/** @type {string} */ n) => `Remove ${n}?`,
    removeAbout: 'They cannot come back until you admit them again.',
    actions: 'Actions',
    actionsOf: (/** @type {string} */ n) => `Actions for ${n}`,
    write: 'Write',
    writeTo: (/** @type {string} */ n) => `Write to ${n}`,
    hereCount: (/** @type {number} */ n) => n === 1 ? '1 here' : `${n} here`,
    admitAll: 'Admit all',
    admitAllSurveys: 'Who has a survey to finish keeps waiting until it is done.',
    admitted: (/** @type {string[]} */ names) => `Admitted: ${names.join(', ')}.`,
    admittedLater: (/** @type {string[]} */ names) => `Admitted as soon as the survey is done: ${names.join(', ')}.`,
    waitsFor: (/** @type {string[]} */ titles) => `waits, still to fill in: ${titles.join(', ')}`,
    hereSince: (/** @type {string} */ time) => `here since ${time}`,
    awaySince: (/** @type {string} */ time) => `away since ${time}`,
    absent: 'was not here yet',
    silent: (/** @type {number} */ m) => `silent for ${m < 60 ? m + ' min' : Math.floor(m / 60) + ' h ' + m % 60 + ' min'}`,
    silentNever: (/** @type {number} */ m) => `nothing written yet, here for ${m < 60 ? m + ' min' : Math.floor(m / 60) + ' h ' + m % 60 + ' min'}`,
  },

  // Help for somebody who cannot log in.
  access: {
    title: (/** @type {string} */ n) => `Help ${n} to log in`,
    about: 'For somebody who is locked out after too many tries, or whom no SMS reaches. Make sure that it is really them who asks.',
    unlock: 'Unlock',
    unlocked: 'Their wrong tries are forgotten. They can ask for a new code now.',
    make: 'Make a code',
    code: 'Code to read out',
    until: (/** @type {string} */ time) => `It works once, until ${time}. They ask for a code on the login page as always, and then enter this one.`,
    expired: 'The code is no longer good. You can make another.',
    done: 'Done',
  },

  notice: {
    open: 'Notice',
    title: 'Notice to everyone',
    text: 'Notice text',
    about: 'A notice stands out from the messages, with your name. Everybody in the session sees it.',
    send: 'Send notice',
  },

  end: {
    title: 'End of the session',
    now: 'End now',
    inMinutes: (/** @type {number} */ n) => n === 1 ? 'In 1 minute' : `In ${n} minutes`,
    about: 'Nobody can write in it afterwards. With one of the times, everybody is told at once in a notice. Until it ends you can stop it.',
    notice: (/** @type {number} */ n) => n === 1 ? 'The session ends in 1 minute.' : `The session ends in ${n} minutes.`,
    stopped: 'The session goes on; it does not end yet.',
    left: (/** @type {string} */ time) => `The session ends in ${time}.`,
    leftSpoken: (/** @type {number} */ s) => s >= 60 ? `The session ends in ${s / 60 === 1 ? '1 minute' : s / 60 + ' minutes'}.` : `The session ends in ${s} seconds.`,
    keepOpen: 'This page ends it: please keep it open and connected.',
    late: (/** @type {string} */ time) => `The session was to end at ${time}, but this page was not running then.`,
    stop: 'Stop',
  },

  print: {
    open: 'Print',
    title: 'Transcript',
    go: 'Print this page',
    back: 'Back to the chat',
    confidential: 'Confidential',
    made: (/** @type {string} */ time, /** @type {string} */ who) => `Printed ${time} by ${who}`,
    people: 'People',
    privately: (/** @type {string[]} */ names) => `privately to ${names.join(', ')}`,
    removed: 'removed',
    notice: 'Notice',
    board: 'Whiteboard at this time',
    none: 'Nothing was written.',
    loading: 'Fetching the whole session…',
    replyTo: (/** @type {string} */ who, /** @type {string} */ time) => `in reply to ${who}, ${time}`,
  },

  help: {
    open: 'Help',
    title: 'Help',
    items: [
      'What you write to the group is read by everybody in the session.',
      'What you write to one person is read by them, by you, and by the therapists of the session.',
      'If the connection is lost, you can go on writing. Your messages are sent as soon as it is back.',
      '“Leave” takes you back to the list of your sessions. You can come back while the session is open.',
      '“Leave quickly” closes this page at once. Pressing the Escape key twice does the same.',
      '“Log out” removes what this page knows from this device.',
    ],
    therapist: [
      'You read every conversation of the session, and can remove any message. Removed ones stay visible for therapists.',
      'Where the window is wide, up to three private conversations stand beside the group. Ctrl+F6 goes from one to the next.',
      'Under “People” you let people in, pause their writing, or help them to log in.',
    ],
    close: 'Close help',
  },

  board: {
    title: 'Whiteboard',
    empty: 'Nothing on it yet.',
    text: 'Whiteboard text',
    save: 'Save whiteboard',
    saving: 'Saving…',
    changed: 'Somebody else has changed the whiteboard meanwhile. Saving replaces their text.',
    theirs: 'The text that is on it now',
    take: 'Use their text',
    both: 'Put mine below theirs',
    unsaved: 'Not saved yet. Your text is kept in this window.',
    discard: 'Discard changes',
  },

  ended: {
    title: 'The session has ended',
    read: 'You can still read it.',
    closed: 'It can no longer be read.',
    surveys: 'Please fill in:',
    nothing: 'There is nothing left for you to do.',
    back: 'Back to your sessions',
  },

  link: {
    title: 'Connection',
    connecting: 'Connecting…',
    up: 'Connected',
    slow: 'Connected (slow way)',
    lost: 'No connection. Your messages are kept and sent later.',
    lostUnkept: 'No connection. Please keep this page open: your messages are sent later, but this browser cannot keep them.',
    retry: (/** @type {number} */ s) => `Next try in ${s} s.`,
  },

  // By the server's codes, and network, timeout.
  errors: {
    network: 'The server cannot be reached. Please check your internet connection.',
    timeout: 'The server did not answer in time. Please try again.',
    invalid_phone: 'This does not look like a phone number. Please check it.',
    invalid_code: 'This code did not work. A code can be used up by one wrong try, and is good for some minutes only. Please ask for a new one.',
    too_many_tries: 'There were too many tries.',
    resend_too_soon: 'A code was sent just now. It can take a minute to arrive.',
    not_authenticated: 'You have been logged out. Please log in again.',
    not_admitted: 'You have not been let in.',
    not_allowed: 'This is not allowed here.',
    session_ended: 'The session has ended.',
    storage_unavailable: 'The server cannot store anything at present. Please try again in a moment.',
    too_fast: 'That was very fast.',
    too_large: 'It is too long.',
    invalid_action: 'The server did not understand it.',
    no_such_target: 'What it refers to is no longer there.',
    muted: 'The therapist has paused your writing to the group.',
    cross_origin: 'This page was not opened at its own address. Please open it anew.',
    wrong_host: 'This page was not opened at its own address. Please open it anew.',
    bad_request: 'The server did not understand it. Please check what you entered, or reload the page.',
    internal: 'The server has a problem. Please try again in a moment.',
    other: 'Something went wrong. Please try again.',
  },
  wait: (/** @type {string} */ how) => `Please try again in ${how}.`,
  unlock: 'If you cannot wait, your therapist or the study team can help you to log in.',
  seconds: (/** @type {number} */ n) => n === 1 ? '1 second' : `${n} seconds`,
  minutes: (/** @type {number} */ n) => n === 1 ? '1 minute' : `${n} minutes`,
  hours: (/** @type {number} */ n) => n === 1 ? '1 hour' : `${n} hours`,
};

/**
 * Names in Spanish: "Ana, Luis y Eva", and "e" before the sound of an i.
 * @param {string[]} names
 */
const y = names => {
  const last = names[names.length - 1] || '';
  const and = /^h?[ií](?![aeoáéó])/i.test(last) ? ' e ' : ' y ';
  return names.length < 2 ? last : names.slice(0, -1).join(', ') + and + last;
};

/** A time of day in Spanish, with its article: "las 3:00", but "la 1:00". @param {string} time */
const las = time => (/^0?1\D/.test(time) ? 'la ' : 'las ') + time;

/** @type {typeof en} */
const es = {
  app: 'Hearth',
  loading: 'Cargando…',
  logOut: 'Cerrar sesión',
  cancel: 'Cancelar',
  tryNow: 'Intentar ahora',
  broken: 'Algo salió mal en esta página. Lo que estaba escribiendo se conserva. Por favor, vuelva a cargar la página.',
  reload: 'Volver a cargar',
  language: 'Idioma',
  skip: 'Ir al contenido',

  exit: {
    button: 'Salir rápido',
    hint: 'Cierra esta página de inmediato y termina su conexión. Presionar dos veces la tecla Escape hace lo mismo.',
  },

  notify: {
    turnOn: 'Avisarme de mensajes nuevos',
    about: 'Mientras esta página esté abierta en segundo plano. Solo dice que hay un mensaje: nunca de quién ni qué dice.',
    denied: 'Su navegador no lo permite. Puede cambiarlo en los ajustes del navegador para esta página.',
    message: 'Mensaje nuevo',
  },

  offline: 'No se puede conectar con el servidor. Por favor, revise su conexión a internet. Esta página sigue intentándolo.',

  login: {
    title: 'Entrar',
    step: (n, of) => `Paso ${n} de ${of}`,
    field: {
      last_name: {label: 'Apellido', inText: 'apellido', missing: 'Por favor, escriba su apellido.'},
      name: {label: 'Nombre', inText: 'nombre', missing: 'Por favor, escriba su nombre.'},
    },
    about: field => `Escriba el número de teléfono y el ${field} que dio al inscribirse. Recibirá un código por SMS.`,
    phone: 'Teléfono',
    phoneHint: 'Por ejemplo 650 555 0123, o con el código del país +1 650 555 0123',
    sendCode: 'Enviar código',
    sending: 'Un momento…',
    codeAbout: (phone, field) => `Si ${phone} y el ${field} están inscritos, ya va en camino un SMS con un código. Puede tardar un minuto.`,
    goodFor: how => `El código sirve durante ${how}.`,
    code: 'Código',
    codeHint: n => `Los ${n} números del SMS más reciente`,
    logIn: 'Entrar',
    resend: 'Enviar otro código',
    resendIn: how => `Podrá pedir otro código en ${how}.`,
    resent: 'Un código nuevo va en camino. Los anteriores ya no sirven.',
    expired: 'El código ya venció. Por favor, pida otro.',
    back: 'Cambiar teléfono o nombre',
    phoneMissing: 'Por favor, escriba su número de teléfono.',
    codeMissing: 'Por favor, escriba el código.',
    codeNotDigits: 'El código tiene solo números. Por favor, revíselo.',
    codeLength: n => `El código tiene ${n} números. Por favor, revíselo.`,
    again: 'Su conexión terminó. Por favor, vuelva a entrar.',
    againKept: 'Su conexión terminó. Por favor, vuelva a entrar. Lo que estaba escribiendo sigue aquí.',
  },

  list: {
    title: 'Sus sesiones',
    none: 'Por ahora no hay ninguna sesión para usted.',
    noneAbout: 'Cuando su terapeuta programe una, aparecerá aquí.',
    today: 'Hoy',
    coming: 'Próximas',
    past: 'Anteriores',
    todo: 'Pendiente',
    todoAbout: 'Por favor, llene estas encuestas. Después volverá a esta página.',
    todoItem: (title, session) => `${title} (${session})`,
    enter: 'Entrar',
    read: 'Leer',
    todayAt: time => `Hoy, ${time}`,
    status: {scheduled: 'Aún no empieza', open: 'Abierta ahora', ended: 'Terminada'},
    unread: n => n === 1 ? '1 mensaje sin leer' : `${n} mensajes sin leer`,
    refresh: 'Actualizar',
    stale: 'Puede que esto no esté al día.',
    removed: 'Usted ya no está en esta sesión. Si cree que es un error, por favor comuníquese con su terapeuta.',
    not_allowed: 'No hay tal sesión para usted.',
    left: 'Usted salió de la sesión.',
    leftUnsent: 'Usted salió de la sesión. Lo último que escribió todavía no se pudo enviar. Se envía cuando vuelva a entrar en la sesión en esta ventana.',
  },

  waiting: {
    title: 'Sala de espera',
    waiting_room: 'Su terapeuta le dejará entrar. No tiene que hacer nada; esta página avanza por sí sola.',
    beforeTitle: 'Antes de entrar',
    assessments_incomplete: 'Por favor, llene primero lo que aparece aquí. Después volverá a esta página.',
    noLink: 'Por favor, pregunte a su terapeuta.',
    moment: 'Un momento, ya va a entrar…',
    absent: 'Su terapeuta todavía no está aquí.',
    present: names => names.length === 1 ? `${names[0]} está aquí.` : `${y(names)} están aquí.`,
    nextTitle: 'Qué sigue',
    nextSurveys: n => n === 1 ? 'Usted llena la encuesta de arriba.' : `Usted llena las ${n} encuestas de arriba.`,
    nextAdmit: 'Su terapeuta le deja entrar.',
    nextIn: 'El chat se abre aquí por sí solo. Puede dejar abierta esta página.',
    back: 'Si ya terminó una encuesta y todavía aparece, espere un momento, por favor.',
    leave: 'Salir',
    connecting: 'Entrando…',
  },

  chat: {
    conversations: 'Conversaciones',
    group: 'Grupo',
    between: names => y(names),
    unread: n => `${n} sin leer`,
    messages: 'Mensajes',
    catchingUp: 'Trayendo mensajes…',
    none: 'Todavía no hay mensajes.',
    earlier: 'Mostrar mensajes anteriores',
    later: 'Mostrar mensajes posteriores',
    newHere: 'Nuevos',
    newBelow: n => n === 1 ? '1 mensaje nuevo' : `${n} mensajes nuevos`,
    toNewest: 'Ir a los mensajes más recientes',
    messagesWith: names => `Mensajes con ${y(names)}`,
    heard: (who, body) => `${who}: ${body}`,
    heardYou: (who, body) => `${who} le menciona: ${body}`,
    heardMany: n => `${n} mensajes nuevos`,
    goToQuoted: 'Mostrar ese mensaje',
    mentionsYou: 'le menciona',
    you: 'Usted',
    label: (who, time) => `${who}, ${time}`,
    to: names => `para ${y(names)}`,
    deleted: 'Este mensaje fue eliminado.',
    deletedKept: 'Eliminado. Solo los terapeutas ven este texto.',
    quoteDeleted: '(eliminado)',
    noticeDeleted: 'Este aviso fue eliminado.',
    inReply: who => `En respuesta a ${who}`,
    gone: 'Un mensaje que no se muestra',
    reply: 'Responder',
    react: 'Reaccionar',
    delete: 'Eliminar',
    deleteAsk: '¿Eliminar este mensaje?',
    deleteAbout: 'Los demás verán que se eliminó un mensaje. Su terapeuta todavía podrá leerlo.',
    deleteTherapist: 'Los participantes verán que se eliminó un mensaje.',
    deleteNow: 'Eliminar mensaje',
    reactions: 'Reacciones',
    icons: {heart: ['Corazón', '❤️'], smile: ['Sonrisa', '🙂'], sad: ['Tristeza', '😢'], angry: ['Enojo', '😠']},
    reacted: (icon, n) => `${icon}, ${n}`,
    reactedBy: (sign, names) => `${sign} ${names.join(', ')}`,
    seenBy: names => `Leído por ${y(names)}`,
    seenByCount: n => `Leído por ${n}`,
    sending: 'Enviando…',
    waitsForLine: 'Se envía cuando vuelva la conexión',
    retry: 'Reintentar',
    notSent: why => `No se envió. ${why}`,
    edit: 'Editar',
    discard: 'Descartar',
    message: 'Mensaje',
    messageTo: names => `Mensaje para ${y(names)}`,
    mentionWho: 'Personas que puede mencionar',
    mentionHelp: n => n === 1 ? '1 persona encontrada. Enter pone el nombre.' : `${n} personas encontradas. Elija con las flechas y luego Enter.`,
    left: n => n === 1 ? 'Queda 1 carácter' : `Quedan ${n} caracteres`,
    tooLong: n => n === 1 ? 'Demasiado largo por 1 carácter' : `Demasiado largo por ${n} caracteres`,
    placeholder: {group: 'Escriba a todo el grupo', one: names => `Escriba solo a ${y(names)}`},
    replyingTo: who => `En respuesta a ${who}`,
    cancelReply: 'Cancelar respuesta',
    send: 'Enviar',
    privateNote: names => `Solo ${names.join(', ')}, usted y los terapeutas de esta sesión pueden leer esto.`,
    watchNote: 'Puede leer esta conversación como terapeuta de esta sesión.',
    muted: 'Por ahora, su terapeuta pausó sus mensajes al grupo.',
    mutedPrivate: 'Todavía puede escribir en privado a su terapeuta.',
    cannotWrite: 'Aquí puede leer, pero no escribir.',
    typing: names => names.length === 1 ? `${names[0]} está escribiendo…` : names.length === 2
      ? `${y(names)} están escribiendo…` : 'Varias personas están escribiendo…',
    leave: 'Salir',
    end: 'Terminar sesión',
    endAsk: '¿Terminar la sesión para todos?',
    showPeople: 'Personas',
    showBoard: 'Pizarra',
    boardNew: 'cambió',
    unreadIn: (n, name) => n === 1 ? `1 mensaje sin leer en ${name}.` : `${n} mensajes sin leer en ${name}.`,
    boardChanged: 'La pizarra cambió.',
    startedWaiting: n => `${n} espera que le dejen entrar.`,
    startedWaitingSurvey: n => `${n} llegó y todavía tiene una encuesta por terminar.`,
    skip: 'Ir a los mensajes',
    toMessages: 'Volver a los mensajes',
    more: 'Más',
    close: 'Cerrar',
    closeOf: n => `Cerrar ${n}`,
    elsewhere: 'en otras conversaciones',
    waitingCount: n => n === 1 ? '1 en espera' : `${n} en espera`,
    actionFailed: {
      reaction: why => `Su reacción no se envió. ${why}`,
      delete: why => `No se eliminó. ${why}`,
      whiteboard: why => `La pizarra no se guardó. ${why}`,
      notice: why => `El aviso no se envió. ${why}`,
      endChatSession: why => `La sesión no se terminó. ${why}`,
    },
  },

  people: {
    title: 'Personas',
    you: 'usted',
    therapist: 'terapeuta',
    muted: 'en pausa',
    status: {online: 'aquí', waiting: 'en espera', offline: 'ausente'},
    reason: {waiting_room: 'espera que le dejen entrar', assessments_incomplete: 'en espera, con una encuesta por terminar'},
    admit: 'Dejar entrar',
    mute: 'Pausar',
    unmute: 'Quitar pausa',
    revoke: 'A la sala de espera',
    remove: 'Sacar',
    of: {
      admit: n => `Dejar entrar a ${n}`, mute: n => `Pausar a ${n}`, unmute: n => `Quitar la pausa a ${n}`,
      revoke: n => `Pasar a ${n} a la sala de espera`, remove: n => `Sacar a ${n}`,
    },
    removeAsk: n => `¿Sacar a ${n}?`,
    removeAbout: 'No podrá volver hasta que usted le deje entrar de nuevo.',
    actions: 'Acciones',
    actionsOf: n => `Acciones para ${n}`,
    write: 'Escribir',
    writeTo: n => `Escribir a ${n}`,
    hereCount: n => n === 1 ? '1 aquí' : `${n} aquí`,
    admitAll: 'Dejar entrar a todos',
    admitAllSurveys: 'Quien tiene una encuesta por terminar sigue esperando hasta terminarla.',
    admitted: names => `Entran: ${names.join(', ')}.`,
    admittedLater: names => `Entran en cuanto terminen la encuesta: ${names.join(', ')}.`,
    waitsFor: titles => `en espera, le falta llenar: ${titles.join(', ')}`,
    hereSince: time => `aquí desde ${las(time)}`,
    awaySince: time => `ausente desde ${las(time)}`,
    absent: 'todavía no ha estado aquí',
    silent: m => `sin escribir desde hace ${m < 60 ? m + ' min' : Math.floor(m / 60) + ' h ' + m % 60 + ' min'}`,
    silentNever: m => `aún no escribe, aquí desde hace ${m < 60 ? m + ' min' : Math.floor(m / 60) + ' h ' + m % 60 + ' min'}`,
  },

  access: {
    title: n => `Ayudar a ${n} a entrar`,
    about: 'Para quien quedó bloqueado después de demasiados intentos, o a quien no le llega ningún SMS. Asegúrese de que de verdad sea esa persona quien lo pide.',
    unlock: 'Desbloquear',
    unlocked: 'Sus intentos equivocados quedan borrados. Ya puede pedir otro código.',
    make: 'Crear un código',
    code: 'Código para leer en voz alta',
    until: time => `Sirve una sola vez, hasta ${las(time)}. La persona pide un código en la página de entrada como siempre, y escribe este en su lugar.`,
    expired: 'El código ya no sirve. Puede crear otro.',
    done: 'Listo',
  },

  notice: {
    open: 'Aviso',
    title: 'Aviso para todos',
    text: 'Texto del aviso',
    about: 'Un aviso se distingue de los mensajes y lleva el nombre de usted. Lo ven todas las personas de la sesión.',
    send: 'Enviar aviso',
  },

  end: {
    title: 'Fin de la sesión',
    now: 'Terminar ahora',
    inMinutes: n => n === 1 ? 'En 1 minuto' : `En ${n} minutos`,
    about: 'Después nadie podrá escribir en ella. Si elige un plazo, se avisa a todos de inmediato. Hasta que termine, puede detenerlo.',
    notice: n => n === 1 ? 'La sesión termina en 1 minuto.' : `La sesión termina en ${n} minutos.`,
    stopped: 'La sesión sigue; todavía no termina.',
    left: time => `La sesión termina en ${time}.`,
    leftSpoken: s => s >= 60 ? `La sesión termina en ${s / 60 === 1 ? '1 minuto' : s / 60 + ' minutos'}.` : `La sesión termina en ${s} segundos.`,
    keepOpen: 'Esta página la termina: por favor, déjela abierta y con conexión.',
    late: time => `La sesión debía terminar a ${las(time)}, pero esta página no estaba activa entonces.`,
    stop: 'Detener',
  },

  print: {
    open: 'Imprimir',
    title: 'Transcripción',
    go: 'Imprimir esta página',
    back: 'Volver al chat',
    confidential: 'Confidencial',
    made: (time, who) => `Impreso el ${time} por ${who}`,
    people: 'Personas',
    privately: names => `en privado a ${names.join(', ')}`,
    removed: 'eliminado',
    notice: 'Aviso',
    board: 'Pizarra en este momento',
    none: 'No se escribió nada.',
    loading: 'Trayendo toda la sesión…',
    replyTo: (who, time) => `en respuesta a ${who}, ${time}`,
  },

  help: {
    open: 'Ayuda',
    title: 'Ayuda',
    items: [
      'Lo que escribe al grupo lo leen todas las personas de la sesión.',
      'Lo que escribe a una persona lo leen ella, usted y los terapeutas de la sesión.',
      'Si se pierde la conexión, puede seguir escribiendo. Sus mensajes se envían en cuanto vuelva.',
      '«Salir» le lleva a la lista de sus sesiones. Puede volver mientras la sesión esté abierta.',
      '«Salir rápido» cierra esta página de inmediato. Presionar dos veces la tecla Escape hace lo mismo.',
      '«Cerrar sesión» borra de este dispositivo lo que esta página sabe.',
    ],
    therapist: [
      'Usted lee todas las conversaciones de la sesión y puede eliminar cualquier mensaje. Los eliminados siguen a la vista de los terapeutas.',
      'Si la ventana es ancha, hasta tres conversaciones privadas caben al lado del grupo. Con Ctrl+F6 se pasa de una a otra.',
      'En «Personas» puede dejar entrar a la gente, pausar sus mensajes o ayudarle a entrar.',
    ],
    close: 'Cerrar la ayuda',
  },

  board: {
    title: 'Pizarra',
    empty: 'Todavía no hay nada.',
    text: 'Texto de la pizarra',
    save: 'Guardar pizarra',
    saving: 'Guardando…',
    changed: 'Mientras tanto, otra persona cambió la pizarra. Si guarda, reemplaza su texto.',
    take: 'Usar ese texto',
    theirs: 'El texto que tiene ahora',
    both: 'Poner el mío debajo',
    unsaved: 'Todavía sin guardar. Su texto se conserva en esta ventana.',
    discard: 'Descartar cambios',
  },

  ended: {
    title: 'La sesión terminó',
    read: 'Todavía puede leerla.',
    closed: 'Ya no se puede leer.',
    surveys: 'Por favor, llene:',
    nothing: 'No le queda nada por hacer.',
    back: 'Volver a sus sesiones',
  },

  link: {
    title: 'Conexión',
    connecting: 'Conectando…',
    up: 'Hay conexión',
    slow: 'Hay conexión (lenta)',
    lost: 'Sin conexión. Sus mensajes se guardan y se envían después.',
    lostUnkept: 'Sin conexión. No cierre esta página: sus mensajes se envían después, pero este navegador no puede guardarlos.',
    retry: s => `Próximo intento en ${s} s.`,
  },

  errors: {
    network: 'No se puede conectar con el servidor. Por favor, revise su conexión a internet.',
    timeout: 'El servidor no respondió a tiempo. Por favor, intente de nuevo.',
    invalid_phone: 'Esto no parece un número de teléfono. Por favor, revíselo.',
    invalid_code: 'Este código no funcionó. Un solo intento equivocado puede gastar un código, y un código sirve solo unos minutos. Por favor, pida otro.',
    too_many_tries: 'Hubo demasiados intentos.',
    resend_too_soon: 'Hace un momento se envió un código. Puede tardar un minuto en llegar.',
    not_authenticated: 'Su conexión terminó. Por favor, vuelva a entrar.',
    not_admitted: 'Todavía no le han dejado entrar.',
    not_allowed: 'Esto no está permitido aquí.',
    session_ended: 'La sesión terminó.',
    storage_unavailable: 'Por ahora el servidor no puede guardar nada. Por favor, intente de nuevo en un momento.',
    too_fast: 'Eso fue muy rápido.',
    too_large: 'Es demasiado largo.',
    invalid_action: 'El servidor no lo entendió.',
    no_such_target: 'Aquello a lo que se refiere ya no está.',
    muted: 'Su terapeuta pausó sus mensajes al grupo.',
    cross_origin: 'Esta página no se abrió en su propia dirección. Por favor, ábrala de nuevo.',
    wrong_host: 'Esta página no se abrió en su propia dirección. Por favor, ábrala de nuevo.',
    bad_request: 'El servidor no lo entendió. Por favor, revise lo que escribió o vuelva a cargar la página.',
    internal: 'El servidor tiene un problema. Por favor, intente de nuevo en un momento.',
    other: 'Algo salió mal. Por favor, intente de nuevo.',
  },
  wait: how => `Por favor, intente de nuevo en ${how}.`,
  unlock: 'Si no puede esperar, su terapeuta o el equipo del estudio pueden ayudarle a entrar.',
  seconds: n => n === 1 ? '1 segundo' : `${n} segundos`,
  minutes: n => n === 1 ? '1 minuto' : `${n} minutos`,
  hours: n => n === 1 ? '1 hora' : `${n} horas`,
};

/** Every language's texts, of the same shape. */
export const all = {en, es};

export const text = all[language];

/** @param {{code: string, retryAfter?: number}} e @returns {string} for a person */
export function errorText(e) {
  const code = /^http_5\d\d$/.test(e.code) ? 'internal' : e.code;
  const errors = /** @type {Record<string, string>} */ (text.errors);
  const said = Object.prototype.hasOwnProperty.call(errors, code) ? errors[code] : errors.other;
  return e.retryAfter ? `${said} ${text.wait(duration(e.retryAfter))}` : said;
}

/** @param {number} ms @returns {string} rounded up */
export function duration(ms) {
  const s = Math.max(1, Math.ceil(ms / 1000));
  if (s < 90) return text.seconds(s);
  if (s < 90 * 60) return text.minutes(Math.ceil(s / 60));
  return text.hours(Math.ceil(s / 3600));
}
