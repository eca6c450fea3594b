/**
 * One piece of work for each element: first those that can be seen, one after the other with a pause between them;
 * the others when the browser has nothing to do. No task gets long, however many fields there are.
 */

/** After this much work in one task the browser gets its turn. */
const TASK_MS = 24

export class Gradual {
  readonly #work = new Map<Element, () => void>()
  readonly #seen: Element[] = []
  readonly #observer: IntersectionObserver
  #pumping = false
  #idle = false
  #looked = false
  readonly #waiters: (() => void)[] = []

  constructor() {
    this.#observer = new IntersectionObserver((entries) => {
      this.#looked = true
      for (const entry of entries) if (entry.isIntersecting) this.#seen.push(entry.target)
      this.#pump()
    }, { rootMargin: '200px' })
  }

  add(element: Element, work: () => void): void {
    this.#work.set(element, work)
    this.#observer.observe(element)
    this.#whenIdle()
  }

  /** Do the element's work at once if it has not been done. */
  now(element: Element): void {
    const work = this.#work.get(element)
    this.drop(element)
    work?.()
  }

  drop(element: Element): void {
    this.#work.delete(element)
    this.#observer.unobserve(element)
  }

  /** Resolves when the work of everything that can be seen is done. */
  visibleDone(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve)
      this.#tell()
    })
  }

  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    const step = (): void => {
      const began = performance.now()
      let next: Element | undefined
      while (performance.now() - began < TASK_MS && (next = this.#seen.shift())) this.now(next)
      if (this.#seen.length > 0) {
        setTimeout(step)
        return
      }
      this.#pumping = false
      this.#tell()
    }
    step()
  }

  #whenIdle(): void {
    if (this.#idle) return
    this.#idle = true
    const ask = globalThis.requestIdleCallback ?? ((run: IdleRequestCallback) => setTimeout(() => run({ didTimeout: false, timeRemaining: () => 8 }), 40))
    const drain = (deadline: IdleDeadline): void => {
      do {
        const [next] = this.#work.keys()
        if (next === undefined) break
        this.now(next)
      } while (deadline.timeRemaining() > 25)
      this.#idle = false
      this.#tell()
      if (this.#work.size > 0) this.#whenIdle()
    }
    ask(drain)
  }

  #tell(): void {
    const done = this.#work.size === 0 || (this.#looked && !this.#pumping && this.#seen.length === 0)
    if (done) for (const waiter of this.#waiters.splice(0)) waiter()
  }
}
