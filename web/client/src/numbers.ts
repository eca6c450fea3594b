/** Numbers as people write them: with a comma or a point, and spaces between the thousands. */

export class Numbers {
  readonly #thousands: string
  readonly #shown: Intl.NumberFormat

  /** `locale` is the page's language. */
  constructor(locale: string) {
    const parts = new Intl.NumberFormat(locale).formatToParts(1234567)
    this.#thousands = parts.find((part) => part.type === 'group')?.value ?? ''
    this.#shown = new Intl.NumberFormat(locale, { useGrouping: false, maximumFractionDigits: 15 })
  }

  /** What was written as a number; null for nothing, NaN for what is none. */
  read(text: string): number | null {
    const plain = text.replace(/\s/gu, '').replace('−', '-')
    if (plain === '') return null
    // Where the comma parts thousands it is no decimal one: 1,000 is a thousand, 1,5 one and a half.
    if (this.#thousands === ',' && /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(plain)) return Number(plain.replaceAll(',', ''))
    return /^[+-]?\d+([.,]\d+)?$/.test(plain) ? Number(plain.replace(',', '.')) : NaN
  }

  show(value: number): string {
    return this.#shown.format(value)
  }
}
