// What the HTML report does beyond being read: values under the pointer, sorted tables, data to save, the timeline's zoom.
// It asks for nothing; without it the page has everything but these.
'use strict';

const SVG = 'http://www.w3.org/2000/svg';
const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

function element(parent, name, attributes = {}, text = '') {
  const made = parent.namespaceURI === SVG ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return parent.appendChild(made);
}

// One tip for the whole page.
const tip = element(document.body, 'div', { class: 'tip', role: 'status' });
tip.hidden = true;

function tipShow(text, x, y) {
  tip.textContent = text;
  tip.hidden = false;
  const width = document.documentElement.clientWidth;
  tip.style.left = `${clamp(x + 14, 4, Math.max(4, width - tip.offsetWidth - 4)) + scrollX}px`;
  tip.style.top = `${Math.max(4, y + 18 + tip.offsetHeight > innerHeight ? y - tip.offsetHeight - 10 : y + 18) + scrollY}px`;
}

let marked = null;
function mark(place) {
  if (marked) marked.classList.remove('on');
  marked = place;
  if (place) place.classList.add('on');
  else tip.hidden = true;
}

// A data file's rows, its escapes undone (docs/report.md).
function rowsOf(pre) {
  const [head, ...lines] = pre.textContent.split('\n').filter((line) => line);
  const names = head?.split('\t') ?? [];
  const undo = (field) => field.replace(/\\(t|n|x(..))/g, (_, kind, hex) => (hex ? String.fromCharCode(parseInt(hex, 16)) : ' '));
  return lines.map((line) => Object.fromEntries(line.split('\t').map((field, i) => [names[i], undo(field)])));
}

const three = (x) => (Math.abs(x) >= 100 ? x.toFixed(0) : x.toPrecision(3));

function time(ms) {
  const size = Math.abs(ms);
  return size >= 1000 ? `${three(ms / 1e3)} s` : size >= 1 || !size ? `${three(ms)} ms`
    : size >= 0.001 ? `${three(ms * 1e3)} µs` : `${Math.round(ms * 1e6)} ns`;
}

// What a row says: names and units come from its columns' names; where and how it is drawn is nobody's business.
const LAYOUT = new Set(['row', 'panel', 'place', 'kind', 'paint', 'depth', 'from', 'until']);
const UNITS = [
  ['_ms', time],
  ['_ns', (ns) => time(ns / 1e6)],
  ['_mib', (x) => `${three(x)} MiB`],
  ['coverage', (x) => `${three(100 * x)} %`],
];
function said(row) {
  return Object.entries(row).filter(([name, value]) => value !== '' && !LAYOUT.has(name)).map(([name, value]) => {
    if (name === 'variant') return value;
    const number = name !== 'function' && value.trim() !== '' ? Number(value) : NaN;
    const [suffix, show] = UNITS.find(([end]) => name.endsWith(end)) ?? ['', (x) => String(Number(x.toPrecision(4)))];
    const words = (suffix.startsWith('_') ? name.slice(0, -suffix.length) : name).replaceAll('_', ' ');
    return `${words}: ${Number.isNaN(number) ? value : show(number)}`;
  }).join('\n');
}

// Values under the pointer, and by the arrow keys.
function valuesOn(picture) {
  const svg = picture.querySelector('svg');
  const title = svg.querySelector('title'); // a browser's own tip for the whole picture would cover ours
  svg.setAttribute('aria-label', title.textContent);
  svg.removeAttribute('aria-labelledby');
  title.remove();
  const rows = rowsOf(picture.parentElement.querySelector('pre'));
  const places = [...svg.querySelectorAll('rect[data-row]')];
  for (const place of places) place.dataset.tip = said(rows[place.dataset.row]);
  const show = (place, x, y) => {
    mark(place);
    tipShow(place.dataset.tip, x, y);
  };
  for (const type of ['pointermove', 'pointerdown']) // a finger doesn't move first
    svg.addEventListener(type, (event) => {
      const place = event.target.closest('[data-tip]');
      if (place) show(place, event.clientX, event.clientY);
      else if (marked) mark(null);
    });
  svg.addEventListener('pointerleave', () => mark(null));
  if (!places.length) return;
  places.sort((a, b) => a.dataset.row - b.dataset.row);
  picture.setAttribute('aria-label', `${picture.getAttribute('aria-label')}: arrow keys read its values`);
  let at = -1;
  picture.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === 'Escape') mark(null);
    if (!step) return;
    event.preventDefault();
    at = clamp(at + step, 0, places.length - 1);
    const box = places[at].getBoundingClientRect();
    show(places[at], box.left + box.width / 2, box.top + box.height / 2);
  });
  picture.addEventListener('blur', () => mark(null));
}

// Tables: a button in each heading sorts by its column; what has no value stays last.
function sortable(table) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    if (!cell || cell.colSpan > 1) return null;
    if (cell.dataset.value) return Number(cell.dataset.value);
    const text = cell.textContent.trim();
    return text === '–' || text === '' ? null : text;
  };
  const compare = (a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b
    : String(a).localeCompare(String(b), 'en', { numeric: true }));
  headings.forEach((heading, column) => {
    const name = heading.textContent;
    heading.textContent = '';
    const button = element(heading, 'button', { type: 'button', title: `Sort by ${name}` }, name);
    button.addEventListener('click', () => {
      const down = heading.getAttribute('aria-sort') === 'ascending';
      for (const other of headings) other.removeAttribute('aria-sort');
      heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      const rows = [...body.rows].map((row) => [row, valueOf(row, column)]);
      rows.sort(([, a], [, b]) => (a === null) - (b === null)
        || (a === null ? 0 : down ? compare(b, a) : compare(a, b)));
      body.append(...rows.map(([row]) => row));
    });
  });
}

// A figure's data as a file.
function savable(details) {
  const text = details.querySelector('pre');
  details.addEventListener('toggle', () => {
    if (details.querySelector('a')) return;
    const link = document.createElement('a');
    link.download = text.dataset.file;
    link.href = `data:text/tab-separated-values;charset=utf-8,${encodeURIComponent(text.textContent)}`;
    link.textContent = `Save as ${text.dataset.file}`;
    text.after(link);
  });
}

// The timeline: its plots become windows onto a part of the time, with an axis of our own.
function zoomable(figure) {
  const picture = figure.querySelector('.picture');
  const svg = picture.querySelector('svg');
  const panels = [...svg.querySelectorAll('rect[data-panel]')].map((rect) => ({
    rect,
    number: rect.dataset.panel,
    ...Object.fromEntries(['x', 'y', 'width', 'height'].map((key) => [key, Number(rect.getAttribute(key))])),
  }));
  const stretches = rowsOf(figure.querySelector('pre'));
  if (!panels.length || !stretches.length) return;
  const whole = Math.max(...stretches.map((s) => Number(s.until_ms)));
  const { x: left, width } = panels[0];
  const bottom = Math.max(...panels.map((p) => p.y + p.height));
  let view = [0, whole];

  for (const plot of svg.querySelectorAll('g.plot')) {
    const box = plot.getBBox();
    const middle = box.y + box.height / 2;
    const panel = panels.find((p) => middle >= p.y && middle <= p.y + p.height);
    if (!box.width || !panel) continue;
    panel.window ??= svg.insertBefore(element(svg, 'svg', {
      class: 'window', x: panel.x, y: panel.y, width: panel.width, height: panel.height, preserveAspectRatio: 'none',
    }), svg.querySelector('.places'));
    panel.window.append(plot);
  }
  for (const panel of panels) {
    panel.rows = stretches.filter((s) => s.panel === panel.number);
    panel.threads = Math.max(...panel.rows.map((s) => Number(s.row)));
  }
  for (const text of svg.querySelectorAll('text'))
    if (Number(text.getAttribute('y')) > bottom && /^[\d.]+$/.test(text.textContent)) text.remove();
  const axis = element(svg, 'g', { class: 'axis', 'aria-hidden': 'true' });

  const controls = document.createElement('div');
  controls.className = 'controls';
  controls.setAttribute('role', 'group');
  controls.setAttribute('aria-label', 'Zoom of the timeline');
  picture.after(controls);

  function draw() {
    const [from, until] = view;
    const scale = width / (until - from);
    for (const panel of panels)
      panel.window?.setAttribute('viewBox', `${left + (from / whole) * width} ${panel.y} ${((until - from) / whole) * width} ${panel.height}`);
    axis.textContent = '';
    const decade = 10 ** Math.floor(Math.log10((until - from) / 4));
    const step = [1, 2, 5, 10].map((f) => f * decade).find((s) => (until - from) / s <= 9);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    for (let tick = Math.ceil(from / step - 1e-9); tick * step <= until + step * 1e-9; tick++) {
      const x = left + (tick * step - from) * scale;
      element(axis, 'path', { d: `M${x} ${bottom}v4` });
      element(axis, 'text', { x, y: bottom + 16, 'text-anchor': 'middle' }, (tick * step).toFixed(digits));
    }
    shown.textContent = `${time(until - from)} from ${from.toFixed(3)} ms on`;
  }
  function show(from, until) {
    const span = clamp(until - from, whole / 2000, whole);
    const start = clamp(from, 0, whole - span);
    view = [start, start + span];
    mark(null);
    draw();
  }
  const zoom = (factor, at = (view[0] + view[1]) / 2) =>
    show(at - (at - view[0]) * factor, at + (view[1] - at) * factor);
  const move = (part) => show(view[0] + (view[1] - view[0]) * part, view[1] + (view[1] - view[0]) * part);
  const actions = [
    ['Zoom in', () => zoom(0.5), '+', '='],
    ['Zoom out', () => zoom(2), '-'],
    ['Earlier', () => move(-0.25), 'ArrowLeft'],
    ['Later', () => move(0.25), 'ArrowRight'],
    ['All', () => show(0, whole), '0', 'Home'],
  ];
  for (const [name, act] of actions)
    element(controls, 'button', { type: 'button' }, name).addEventListener('click', act);
  const shown = element(controls, 'output');
  picture.setAttribute('aria-label', `${picture.getAttribute('aria-label')}: plus and minus zoom, arrows move, 0 shows all`);
  element(controls, 'small', {}, 'or drag over a stretch; keys + − ← → 0');
  picture.addEventListener('keydown', (event) => {
    const action = actions.find(([, , ...keys]) => keys.includes(event.key));
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action[1]();
  });

  const pointOf = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  const timeOf = (x) => view[0] + ((clamp(x, left, left + width) - left) / width) * (view[1] - view[0]);
  function tell(event) {
    const { x, y } = pointOf(event);
    const panel = panels.find((p) => y >= p.y && y <= p.y + p.height && x >= left && x <= left + width);
    const at = timeOf(x);
    const row = panel && Math.floor(((y - panel.y) / panel.height) * panel.threads) + 1;
    const found = panel?.rows.find((s) => Number(s.row) === row && at >= s.from_ms && at <= s.until_ms);
    if (!found) return mark(null);
    tipShow(`${found.variant || ''}\nthread ${found.thread}: ${found.state.replaceAll('_', ' ')}\n`.trimStart()
      + `${time(found.until_ms - found.from_ms)} from ${Number(found.from_ms).toFixed(3)} ms on`, event.clientX, event.clientY);
    marked = panel.rect;
  }
  let drag = null;
  svg.addEventListener('pointerdown', (event) => {
    const { x } = pointOf(event);
    if (event.button !== 0 || x < left || x > left + width) return;
    drag = { x, area: element(svg, 'rect', { class: 'selection', y: panels[0].y, height: bottom - panels[0].y, x, width: 0 }) };
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener('pointermove', (event) => {
    if (!drag) return tell(event);
    const x = clamp(pointOf(event).x, left, left + width);
    drag.area.setAttribute('x', Math.min(x, drag.x));
    drag.area.setAttribute('width', Math.abs(x - drag.x));
  });
  const drop = (event) => {
    if (!drag) return;
    const x = clamp(pointOf(event).x, left, left + width);
    if (event.type === 'pointerup' && Math.abs(x - drag.x) > 4) show(timeOf(Math.min(x, drag.x)), timeOf(Math.max(x, drag.x)));
    drag.area.remove();
    drag = null;
  };
  svg.addEventListener('pointerup', drop);
  svg.addEventListener('pointercancel', drop);
  svg.addEventListener('dblclick', () => show(0, whole));
  svg.addEventListener('wheel', (event) => {
    if (!event.ctrlKey) return; // the page's
    event.preventDefault();
    zoom(event.deltaY < 0 ? 0.8 : 1.25, timeOf(pointOf(event).x));
  }, { passive: false });
  figure.classList.add('zoomable');
  draw();
}

document.querySelectorAll('.picture').forEach(valuesOn);
document.querySelectorAll('.table table').forEach(sortable);
document.querySelectorAll('details.data').forEach(savable);
document.querySelectorAll('#timeline').forEach((figure) => figure.querySelector('pre') && zoomable(figure));
