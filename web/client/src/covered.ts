/** How much of the window the bars that stay on it cover, so that what has the focus is never behind them. */

import type { EditorView } from '@tiptap/pm/view'

const BARS = { '--topbar': '.topbar', '--heads': '.heads, .seg', '--bar': '.bar' } as const

const observer = new ResizeObserver(measure)

/** Measure the bars of this page from now on, also those that come in their place (`watchBars`). */
export function measureBars(): void {
  watchBars()
  window.addEventListener('resize', measure)
  // Of a text that takes the focus a browser shows the caret's line only; the rest may be behind the bar below.
  document.addEventListener('keyup', ({ key }) => {
    if (key === 'Tab') document.activeElement?.scrollIntoView({ block: 'nearest' })
  })
}

/** The page has other bars now. */
export function watchBars(): void {
  observer.disconnect()
  for (const bar of document.querySelectorAll(Object.values(BARS).join())) observer.observe(bar)
  measure()
}

function measure(): void {
  const { style } = document.documentElement
  for (const [name, selector] of Object.entries(BARS)) {
    const heights = [...document.querySelectorAll<HTMLElement>(selector)].filter(stays).map((bar) => bar.offsetHeight)
    style.setProperty(name, `${Math.max(0, ...heights)}px`)
  }
}

/** A bar that is not shown has no height; one that scrolls with the page covers nothing. */
function stays(bar: HTMLElement): boolean {
  return getComputedStyle(bar).position === 'sticky'
}

/** Bring the caret to where nothing covers it; an editor by itself knows of the window's edges only. */
export function keepInSight(view: EditorView): boolean {
  const { top, bottom } = view.coordsAtPos(view.state.selection.head)
  const { scrollPaddingTop, scrollPaddingBottom } = getComputedStyle(document.documentElement)
  const above = top - parseFloat(scrollPaddingTop)
  const below = bottom - (window.innerHeight - parseFloat(scrollPaddingBottom))
  if (above < 0 || below > 0) window.scrollBy({ top: above < 0 ? above : below, behavior: 'instant' })
  return true
}
