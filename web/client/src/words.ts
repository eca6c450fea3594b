/** Every sentence that the client shows comes from the page, in the person's own language. */

import type { PageData } from './page_data.ts'

type Fields = Readonly<Record<string, string | number>>

export class Words {
  readonly #page: Pick<PageData, 'words' | 'plurals' | 'locale'>
  readonly #plural: Intl.PluralRules
  readonly #clock: Intl.DateTimeFormat

  constructor(page: Pick<PageData, 'words' | 'plurals' | 'locale'>) {
    this.#page = page
    this.#plural = new Intl.PluralRules(page.locale)
    this.#clock = new Intl.DateTimeFormat(calendarOf(page.locale), { hour: '2-digit', minute: '2-digit' })
  }

  /** The sentence `key` with its `{placeholders}` filled. */
  say(key: string, fields: Fields = {}): string {
    return fill(this.#page.words[key] ?? key, fields)
  }

  /** The sentence `key` in the form that `n` of something asks for. */
  count(key: string, n: number): string {
    const forms = this.#page.plurals[key] ?? {}
    return fill(forms[this.#plural.select(n)] ?? forms['other'] ?? key, { n })
  }

  /** The sentence `key`, cut at `{name}`, so that the name can be set in an element of its own. */
  around(key: string, fields: Fields): [string, string] {
    const [before = '', after = ''] = (this.#page.words[key] ?? '{name}').split('{name}')
    return [fill(before, fields), fill(after, fields)]
  }

  /** The hour and minute of `at` (milliseconds since 1970). */
  time(at: number): string {
    return this.#clock.format(at)
  }
}

/** The server writes dates as in Europe; so does the client. */
export function calendarOf(locale: string): string {
  return locale === 'en' ? 'en-GB' : locale
}

function fill(sentence: string, fields: Fields): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(fields[name] ?? whole))
}
