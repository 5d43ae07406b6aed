// What somebody wrote. It is text: a mention is a highlighted part of it, and
// so is a web address, which can be followed. That is shown whole and leads
// where it reads (mentions.js sees to it), opens beside the chat, and does not
// tell where one came from.
import {html} from '../ui.js';
import {split} from '../mentions.js';
import {text} from '../strings.js';

const t = text.chat;

/**
 * @param {{body: string, people: Map<string, string>, me: string, tab: boolean, inline?: boolean}} p
 *   tab: whether Tab leads to its links
 */
export function Body({body, people, me, tab, inline}) {
  const parts = split(body, people).map(part => {
    switch (part.kind) {
      case 'mention': {
        const mine = part.ids.indexOf(me) >= 0;
        return html`<span class=${mine ? 'mention of-me' : 'mention'}>${part.text}${mine && html`<span class="spoken"> (${t.mentionsYou})</span>`}</span>`;
      }
      case 'link':
        return html`<a href=${part.text} target="_blank" rel="noopener noreferrer nofollow" dir="ltr" tabindex=${tab ? 0 : -1}>${part.text}</a>`;
    }
    return part.text;
  });
  return inline ? html`<span dir="auto">${parts}</span>` : html`<p class="body" dir="auto">${parts}</p>`;
}
