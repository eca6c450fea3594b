import assert from 'node:assert/strict'
import { JOINT, Page, control, play, talk, until } from './page.mjs'

await play(async () => {
  const ids = await talk()
  const pages = Array.from({ length: 24 }, (_, i) => new Page(i % 2 ? 'kari' : 'ola', { session: `storm${i}` }))
  const all = await Promise.all(pages.map((page) => page.join(JOINT)))
  for (let round = 0; round < 3; round++) {
    await control({ do: 'cut' })
    all.forEach((attached, i) => attached.type(String.fromCharCode(97 + i)))
    await until('everybody back', () => pages.every((page) => page.sockets >= round + 2))
    await Promise.all(all.map((attached) => attached.saved()))
    const text = await control({ do: 'text', document: ids.joint })
    assert.equal(text.length, 24 * (round + 1))
    await Promise.all(all.map((attached) => attached.shows(text)))
  }
  assert.ok(pages.every((page) => page.sockets === 4), 'one new socket for each that was cut')
  assert.equal(await control({ do: 'loads', document: ids.joint }), 1)
})
