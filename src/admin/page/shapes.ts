import { Html } from './html.ts';

/** Small shapes that say the same as the colour beside them. In a square of 12. */
const SHAPES = {
  disc: '<circle cx="6" cy="6" r="4.5"/>',
  half: '<circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M6 2a4 4 0 0 1 0 8z"/>',
  ring: '<circle cx="6" cy="6" r="3.75" fill="none" stroke="currentColor" stroke-width="1.5"/>',
  dashed: '<circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.2 2"/>',
  down: '<path d="M6 10.5 1.5 5h3V1.5h3V5h3z"/>',
  tray: '<path d="M2 5v5h8V5" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="m3.6 5.2 1.9 1.9 3.6-4.3" fill="none" stroke="currentColor" stroke-width="1.5"/>',
  bars: '<path d="M2.5 2h2.5v8H2.5zM7 2h2.5v8H7z"/>',
  square: '<path d="M2 2h8v8H2z"/>',
  minus:
    '<circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M3.5 5.25h5v1.5h-5z"/>',
  cross: '<path d="M2.5 2.5l7 7m0-7l-7 7" fill="none" stroke="currentColor" stroke-width="2.25"/>',
  warning: '<path d="M6 .8 11.6 11H.4zM5.3 4.4v3.2h1.4V4.4zm0 4.2V10h1.4V8.6z" fill-rule="evenodd"/>',
  check: '<path d="m2 6.5 2.8 2.8L10 3" fill="none" stroke="currentColor" stroke-width="2"/>',
} as const;

export type ShapeName = keyof typeof SHAPES;

/** A word always stands beside it, so it is nothing to who hears the page. */
export function shape(name: ShapeName): Html {
  return new Html(
    `<svg class="shape" viewBox="0 0 12 12" width="12" height="12" fill="currentColor" aria-hidden="true" focusable="false">${SHAPES[name]}</svg>`,
  );
}
