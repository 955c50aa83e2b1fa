/**
 * What makes the dashboard live. Without it, links lead to pages and forms are sent as forms. It knows of no figures: it
 * asks for the same page once more and takes over what differs, so that focus, scrolling, and what is half typed stay.
 */

const cursorOf = (doc) => doc.body.dataset.cursor;
const scriptOf = (doc) => doc.querySelector('script[type=module]')?.getAttribute('src');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const dialog = document.getElementById('dialog');
const liveButton = document.getElementById('live');
const said = document.getElementById('said');

// Following ▸ one request after the other: the node answers when something happens, or after a second.

let isPaused = false;
let lostAt;
let wake = () => {};

async function follow() {
  let failures = 0;
  for (;;) {
    await pause(200);
    if (isPaused || document.hidden) {
      await new Promise((resolve) => {
        wake = resolve;
      });
      continue;
    }
    try {
      await look();
      failures = 0;
      if (lostAt !== undefined) say('The node answers again');
      lostAt = undefined;
    } catch {
      failures += 1;
      if (failures === 2) {
        lostAt = new Date();
        say(`No answer from the node since ${lostAt.toISOString().slice(11, 19)} UTC: these figures are old`, true);
      }
      await pause(Math.min(10_000, 500 * 2 ** failures));
    }
    showLive();
  }
}

document.addEventListener('visibilitychange', () => wake());

async function look() {
  const response = await fetch(location.pathname + location.search, {
    headers: { 'Portico-After': cursorOf(document) ?? '', Accept: 'text/html' },
    signal: AbortSignal.timeout(15_000),
  });
  if (!response.ok && response.status !== 404) throw new Error(`status ${response.status}`);
  const next = parsed(await response.text());
  if (!isPaused) takeOver(next);
}

function takeOver(next) {
  if (scriptOf(next) !== scriptOf(document) && !dialog.open) {
    location.reload(); // The node is of another version now.
    return;
  }
  const before = sayings(document);
  document.body.dataset.cursor = cursorOf(next) ?? '';
  if (document.title !== next.title) document.title = next.title;
  for (const part of ['main', 'footer']) {
    const [from, to] = [document.querySelector(part), next.querySelector(part)];
    if (from && to) become(from, to);
  }
  const news = [...sayings(document)].filter(([key, text]) => before.has(key) && before.get(key) !== text);
  if (news.length > 0)
    say(
      news
        .slice(0, 3)
        .map(([, text]) => text)
        .join('. '),
    );
  if (pointed) showAt(pointed);
}

function setPaused(paused) {
  isPaused = paused;
  showLive();
  wake();
}

function showLive() {
  const [mark, text] = isPaused ? ['❚❚', 'Paused'] : lostAt ? ['▲', 'No answer'] : ['●', 'Live'];
  const label = `${mark} ${text}`;
  if (liveButton.textContent === label) return;
  liveButton.textContent = label;
  liveButton.setAttribute('aria-label', isPaused ? 'Paused: go on' : `${text}: pause`);
}

// What is said to who does not see it, and shown for a while to who does.

let saidTimer;

function say(text, stays = false) {
  clearTimeout(saidTimer);
  if (said.textContent !== text) said.textContent = text;
  if (!stays) {
    saidTimer = setTimeout(() => {
      said.textContent = '';
    }, 8000);
  }
}

function sayings(doc) {
  return new Map([...doc.querySelectorAll('[data-say]')].map((each) => [each.dataset.key, each.dataset.say]));
}

// An element becomes as another is. Those that both have are kept: by their key, else by their place.

function become(from, to) {
  if (from.isEqualNode(to)) return;
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.data !== to.data) from.data = to.data;
    return;
  }
  for (const { name } of [...from.attributes]) if (!to.hasAttribute(name)) from.removeAttribute(name);
  for (const { name, value } of to.attributes) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  const keyed = new Map([...from.children].flatMap((each) => (each.dataset?.key ? [[each.dataset.key, each]] : [])));
  let at = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const key = wanted.dataset?.key;
    const found = key === undefined ? alike(at, wanted) : keyed.get(key);
    if (found === undefined) {
      from.insertBefore(wanted, at);
      continue;
    }
    if (found === at) at = at.nextSibling;
    else from.insertBefore(found, at);
    become(found, wanted);
  }
  while (at !== null) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function alike(node, wanted) {
  const isAlike =
    node !== null &&
    node.nodeType === wanted.nodeType &&
    node.nodeName === wanted.nodeName &&
    node.dataset?.key === undefined;
  return isAlike ? node : undefined;
}

// Forms of other pages, in the dialog.

function onSubmit(event) {
  const { target: form, submitter } = event;
  if (form.matches('[data-dialog]')) {
    event.preventDefault();
    const query = new URLSearchParams(new FormData(form, submitter));
    open(`${form.getAttribute('action')}?${query}`);
  } else if (dialog.contains(form)) {
    event.preventDefault();
    send(form, submitter);
  }
}

function onClick(event) {
  const link = event.target.closest('a');
  if (link === null || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (link.matches('[data-cancel]') && dialog.contains(link)) {
    event.preventDefault();
    dialog.close();
  } else if (link.matches('[data-dialog]')) {
    event.preventDefault();
    open(link.href);
  }
}

async function open(url) {
  try {
    show(parsed(await (await fetch(url, { headers: { Accept: 'text/html' } })).text()));
  } catch {
    location.assign(url);
  }
}

function show(page) {
  const form = page.getElementById('form');
  if (form === null) throw new Error('no form');
  dialog.replaceChildren(form);
  if (!dialog.open) dialog.showModal();
  const first = dialog.querySelector('[autofocus]') ?? dialog.querySelector('input:not([type=hidden]), button, a');
  first?.focus();
}

async function send(form, submitter) {
  const fields = new URLSearchParams(new FormData(form, submitter));
  for (const each of form.querySelectorAll('button')) each.disabled = true;
  try {
    const response = await fetch(form.getAttribute('action'), {
      method: 'POST',
      body: fields,
      headers: { Accept: 'text/html' },
    });
    const page = parsed(await response.text());
    if (!response.redirected) {
      if (page.getElementById('form') !== null) return show(page);
      return tell(form, `Not done: ${page.body.textContent.trim()}`);
    }
    dialog.close();
    const outcome = page.querySelector('[data-outcome]')?.dataset.outcome;
    if (new URL(response.url).pathname === location.pathname) takeOver(page);
    say(outcome ?? form.dataset.done);
  } catch {
    tell(form, 'No answer from the node. It is not known whether it was done: look before you send it again.');
  }
}

/** In the form itself: what is outside of an open dialog is neither seen nor heard. */
function tell(form, text) {
  for (const each of form.querySelectorAll('button')) each.disabled = false;
  form.querySelector('[data-told]')?.remove();
  const told = document.createElement('p');
  told.className = 'banner bad';
  told.dataset.told = '';
  told.setAttribute('role', 'alert');
  told.textContent = text;
  form.querySelector('h1').after(told);
}

function parsed(text) {
  return new DOMParser().parseFromString(text, 'text/html');
}

// What a graph says where the pointer is.

let pointed;

function onPointer({ target, clientX }) {
  const figure = target.closest?.('.plot')?.closest('.graph');
  if (pointed && pointed.figure !== figure) clear(pointed.figure);
  pointed = figure ? { figure, clientX } : undefined;
  if (pointed) showAt(pointed);
}

function showAt({ figure, clientX }) {
  const { xs, points } = JSON.parse(figure.dataset.points);
  const svg = figure.querySelector('.plot svg');
  const { left, width } = svg.getBoundingClientRect();
  const x = (clientX - left) / width;
  const nearest = xs.reduce((best, each, at) => (Math.abs(each - x) < Math.abs(xs[best] - x) ? at : best), 0);
  const point = points[nearest];
  if (point === undefined) return;
  svg.querySelector('.cursor').setAttribute('d', `M${xs[nearest] * 600} 0V100`);
  figure.querySelector('.at').textContent = point[0];
  figure.querySelectorAll('.legend .figure').forEach((each, at) => {
    each.textContent = point[at + 1];
  });
}

function clear(figure) {
  const { points } = JSON.parse(figure.dataset.points);
  figure.querySelector('.cursor').setAttribute('d', '');
  figure.querySelector('.at').textContent = '5 min ago';
  figure.querySelectorAll('.legend .figure').forEach((each, at) => {
    each.textContent = points.at(-1)?.[at + 1] ?? '–';
  });
}

if (cursorOf(document) !== undefined) {
  document.addEventListener('submit', onSubmit);
  document.addEventListener('click', onClick);
  document.addEventListener('pointermove', onPointer);
  liveButton.addEventListener('click', () => setPaused(!isPaused));
  liveButton.hidden = false;
  showLive();
  follow();
}
