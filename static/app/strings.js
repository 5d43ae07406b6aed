// Every text of the chat page, in one place.
//
// Names that stay as they are, because tests and people's habits rely on them:
//
//   everywhere   landmarks: banner, main; heading level 1 names the view; status "Connection"
//                (in a session); buttons "Log out", and where something is asked first, its own "Cancel"
//   login        heading "Log in"; textboxes "Phone", "Last name", "Code"; buttons "Send code", "Log in",
//                "Send a new code", "Change phone or name"; errors are alerts
//   list         heading "Your sessions"; region "To do" with a link for each survey; an article for each
//                session, named like it, with button "Enter" (or "Read", once it has ended)
//   waiting      heading = session's name; region "Waiting room" or "Before you enter" (links to surveys); button "Leave"
//   chat         heading = session's name; buttons "Leave", "End session", and where the window is narrow "People" and
//                "Whiteboard" (pressed: shown instead of the messages)
//                navigation "Conversations": buttons "Group" and peers' names; after the name "N unread" if any
//                log "Messages": an article for each message, named "AUTHOR, TIME"
//                in an article: buttons "Reply", "React", "Delete"; group "Reactions": "Heart", "Smile", "Sad", "Angry"
//                (pressed: mine; with a count if there are any, "Heart, 2", and the names as description)
//                group "Delete this message?": buttons "Delete message", "Cancel"
//                textbox "Message", buttons "Send", "Cancel reply"; a message that was not sent: "Edit", "Discard"
//                region "People": a listitem for each, therapists have "Admit NAME", "Mute NAME", "Unmute NAME",
//                "Move NAME to the waiting room", "Remove NAME" (group "Remove NAME?": "Remove", "Cancel")
//                region "Whiteboard": its text; therapists have textbox "Whiteboard text" and button "Save whiteboard"
//                group "End the session for everyone?": buttons "End now", "Cancel"
//   ended        the chat, without writing; region "The session has ended", with links to surveys; button "Back to your sessions"

const en = {
  app: 'Hearth',
  loading: 'Loading…',
  logOut: 'Log out',
  cancel: 'Cancel',
  tryNow: 'Try now',

  offline: 'The server cannot be reached. Please check your internet connection. This page keeps trying.',

  login: {
    title: 'Log in',
    about: 'Enter the phone number and the last name that you are registered with. You will get a code by SMS.',
    phone: 'Phone',
    phoneHint: 'For example 650 555 0123, or with country code +1 650 555 0123',
    lastName: 'Last name',
    sendCode: 'Send code',
    sending: 'One moment…',
    codeAbout: 'If phone number and last name are registered, an SMS with a code is on its way. It can take a minute.',
    code: 'Code',
    codeHint: 'The digits from the newest SMS',
    logIn: 'Log in',
    resend: 'Send a new code',
    resendIn: s => `Send a new code (in ${s} s)`,
    resent: 'A new code is on its way. Older codes no longer work.',
    back: 'Change phone or name',
    phoneMissing: 'Please enter your phone number.',
    nameMissing: 'Please enter your last name.',
    codeMissing: 'Please enter the code.',
    again: 'You have been logged out. Please log in again.',
  },

  list: {
    title: 'Your sessions',
    none: 'There is no session for you at present.',
    todo: 'To do',
    todoAbout: 'Please fill in these surveys. You come back to this page afterwards.',
    todoItem: (title, session) => `${title} (${session})`,
    enter: 'Enter',
    read: 'Read',
    status: {scheduled: 'Not started yet', open: 'Open now', ended: 'Ended'},
    unread: n => n === 1 ? '1 unread message' : `${n} unread messages`,
    required: 'before you enter',
    refresh: 'Refresh',
    removed: 'You are no longer in this session. If you think that this is a mistake, please contact your therapist.',
    not_allowed: 'There is no such session for you.',
    left: 'You have left the session.',
  },

  waiting: {
    title: 'Waiting room',
    waiting_room: 'Your therapist will let you in. You do not have to do anything; this page moves on by itself.',
    beforeTitle: 'Before you enter',
    assessments_incomplete: 'Please fill in what is listed here first. You come back to this page afterwards.',
    noLink: 'Please ask your therapist about it.',
    moment: 'One moment, you are being let in…',
    present: 'The therapist is here.',
    absent: 'The therapist is not here yet.',
    leave: 'Leave',
    connecting: 'Entering…',
  },

  chat: {
    conversations: 'Conversations',
    group: 'Group',
    between: names => names.join(' and '),
    unread: n => `${n} unread`,
    messages: 'Messages',
    catchingUp: 'Fetching messages…',
    none: 'No messages yet.',
    earlier: 'Show earlier messages',
    newBelow: 'New messages below',
    you: 'You',
    label: (who, time) => `${who}, ${time}`,
    to: names => `to ${names.join(', ')}`,
    deleted: 'This message was removed.',
    deletedKept: 'Removed. Only therapists see this text.',
    quoteDeleted: '(removed)',
    noticeDeleted: 'This notice was removed.',
    inReply: who => `In reply to ${who}`,
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
    reacted: (icon, n) => `${icon}, ${n}`,
    reactedBy: (sign, names) => `${sign} ${names.join(', ')}`,
    seenBy: names => `Read by ${names.join(', ')}`,
    sending: 'Sending…',
    notSent: why => `Not sent. ${why}`,
    edit: 'Edit',
    discard: 'Discard',
    message: 'Message',
    placeholder: {group: 'Write to everyone', one: names => `Write to ${names.join(', ')} alone`},
    replyingTo: who => `Replying to ${who}`,
    cancelReply: 'Cancel reply',
    send: 'Send',
    privateNote: names => `Only ${names.join(', ')}, you and the therapists of this session can read this.`,
    watchNote: 'You can read this conversation as a therapist of this session.',
    muted: 'The therapist has paused your writing to the group for now.',
    mutedPrivate: 'You can still write to the therapist alone.',
    cannotWrite: 'You can read here, but not write.',
    typing: names => names.length === 1 ? `${names[0]} is typing…` : names.length === 2
      ? `${names[0]} and ${names[1]} are typing…` : 'Several people are typing…',
    leave: 'Leave',
    end: 'End session',
    endAsk: 'End the session for everyone?',
    endAbout: 'Nobody can write in it afterwards. This cannot be undone.',
    endNow: 'End now',
    showPeople: 'People',
    showBoard: 'Whiteboard',
    waitingCount: n => n === 1 ? '1 waits' : `${n} wait`,
    actionFailed: {
      reaction: why => `Your reaction was not sent. ${why}`,
      delete: why => `It was not deleted. ${why}`,
      whiteboard: why => `The whiteboard was not saved. ${why}`,
      endChatSession: why => `The session was not ended. ${why}`,
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
      admit: n => `Admit ${n}`, mute: n => `Mute ${n}`, unmute: n => `Unmute ${n}`,
      revoke: n => `Move ${n} to the waiting room`, remove: n => `Remove ${n}`,
    },
    removeAsk: n => `Remove ${n}?`,
    removeAbout: 'They cannot come back until you admit them again.',
  },

  board: {
    title: 'Whiteboard',
    empty: 'Nothing on it yet.',
    text: 'Whiteboard text',
    save: 'Save whiteboard',
    saving: 'Saving…',
    changed: 'Somebody else has changed the whiteboard meanwhile. Saving replaces their text.',
    take: 'Show their text',
  },

  ended: {
    title: 'The session has ended',
    read: 'You can still read it.',
    closed: 'It can no longer be read.',
    surveys: 'Please fill in:',
    back: 'Back to your sessions',
  },

  link: {
    title: 'Connection',
    connecting: 'Connecting…',
    up: 'Connected',
    slow: 'Connected (slow way)',
    lost: 'No connection. Your messages are kept and sent later.',
    retry: s => `Next try in ${s} s.`,
  },

  // By the server's codes, and network, timeout.
  errors: {
    network: 'The server cannot be reached. Please check your internet connection.',
    timeout: 'The server did not answer in time. Please try again.',
    invalid_phone: 'This does not look like a phone number. Please check it.',
    invalid_code: 'This code did not work. A code can be used up by one wrong try, and is good for some minutes only. Please ask for a new one.',
    too_many_tries: 'There were too many tries.',
    resend_too_soon: 'A code was sent just now.',
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
    other: 'Something went wrong. Please try again.',
  },
  wait: how => `Please try again in ${how}.`,
  unlock: 'If you cannot wait, your therapist or the study team can help you to log in.',
  seconds: n => n === 1 ? '1 second' : `${n} seconds`,
  minutes: n => n === 1 ? '1 minute' : `${n} minutes`,
  hours: n => n === 1 ? '1 hour' : `${n} hours`,
};

/** @type {typeof en} */
const es = en;

const languages = {en, es};

/** The language that the page is in. */
export const language = 'en';

export const text = languages[language];

/** @param {{code: string, retryAfter?: number}} e @returns {string} for a person */
export function errorText(e) {
  const said = Object.prototype.hasOwnProperty.call(text.errors, e.code) ? text.errors[e.code] : text.errors.other;
  return e.retryAfter ? `${said} ${text.wait(duration(e.retryAfter))}` : said;
}

/** @param {number} ms @returns {string} rounded up */
export function duration(ms) {
  const s = Math.max(1, Math.ceil(ms / 1000));
  if (s < 90) return text.seconds(s);
  if (s < 90 * 60) return text.minutes(Math.ceil(s / 60));
  return text.hours(Math.ceil(s / 3600));
}
