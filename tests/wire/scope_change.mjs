import assert from 'node:assert/strict'
import { JOINT, Page, control, conversation, play, talk, until } from './page.mjs'

await play(async () => {
  await talk()
  const kari = new Page('kari'), ola = new Page('ola')
  const mine = await kari.join(JOINT), theirs = await ola.join(JOINT)
  await control({ do: 'rescope', person: 'kari', name: JOINT, scope: 'readonly' })
  await control({ do: 'changed', conversation })
  await until('readonly', () => mine.provider.authorizedScope === 'readonly')
  assert.equal(theirs.provider.authorizedScope, 'read-write')
  await control({ do: 'answer', person: 'kari', name: JOINT, reason: 'denied' })
  await control({ do: 'changed', conversation })
  await until('denied', () => mine.closed.includes('denied'))
  theirs.type('alene')
  await theirs.saved()
  assert.equal(mine.text, '')
})
