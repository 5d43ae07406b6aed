// The reactions to a message: who, and one's own.
import {html, useEffect, useRef} from '../ui.js';
import {text} from '../strings.js';

const t = text.chat;

/** @typedef {'heart'|'smile'|'sad'|'angry'} Name */
const icons = /** @type {Name[]} */ (Object.keys(t.icons));

/**
 * @param {{session: import('../session.js').Session, item: import('../log.js').Item, reactions: import('../log.js').Reaction[], busy: string,
 *   open: boolean, current: boolean, picking: boolean, onPick: (on: boolean) => void}} p
 *   busy: icons on their way, separated by spaces; picking: all four are offered
 */
export function Reactions({session, item, reactions, busy, open, current, picking, onPick}) {
  const group = useRef(/** @type {any} */ (null));
  useEffect(() => { if (picking && group.current) group.current.querySelector('button').focus(); }, [picking]);
  const onWay = busy ? busy.split(' ') : [];
  /** @param {Name} icon */
  const of = icon => reactions.filter(r => r.icon === icon);
  /** @param {Name} icon */
  const names = icon => of(icon).map(r => r.user === session.user.id ? t.you : session.nameOf(r.user));
  /** @param {Name} icon */
  const own = icon => reactions.find(r => r.icon === icon && r.user === session.user.id);
  const isBusy = (/** @type {Name} */ icon) => onWay.indexOf(icon) >= 0;
  const shown = icons.filter(i => open && picking || of(i).length > 0 || isBusy(i));
  if (!shown.length) return null;
  /** @param {Name} icon */
  const toggle = icon => {
    if (isBusy(icon)) return;
    const mine = own(icon);
    if (mine && !picking && of(icon).length === 1) group.current.closest('[data-key]').focus({preventScroll: true}); // the button will go
    if (mine) session.takeBack(item, mine);
    else session.react(item, icon);
    if (picking) onPick(false);
  };
  const escape = (/** @type {KeyboardEvent} */ e) => {
    if (e.key !== 'Escape' || !picking) return;
    e.stopPropagation();
    onPick(false);
  };
  return html`
    <div role="group" aria-label=${t.reactions} class="reactions" ref=${group} onKeyDown=${escape}>
      ${shown.map(icon => {
        const [name, sign] = t.icons[icon];
        const n = of(icon).length;
        const id = 'by-' + item.id + '-' + icon;
        // Who they are of stands beside the button, not in it: its name is all that it says.
        return html`<span class="reacted" key=${icon}><button type="button" class=${'reaction' + (isBusy(icon) ? ' busy' : '')} disabled=${!open} tabindex=${current ? 0 : -1}
          aria-pressed=${!!own(icon) || isBusy(icon)} aria-label=${n ? t.reacted(name, n) : name} aria-describedby=${n ? id : undefined}
          onClick=${() => toggle(icon)}><span aria-hidden="true">${sign}${n > 0 && ' ' + n}</span></button>${n > 0 && html`<span class="by" id=${id}>${names(icon).join(', ')}</span>`}</span>`;
      })}
    </div>
    ${picking && reactions.length > 0 && html`<p class="hint" aria-hidden="true">
      ${icons.filter(i => of(i).length).map(i => t.reactedBy(t.icons[i][1], names(i))).join('  ')}
    </p>`}`;
}
