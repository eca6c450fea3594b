import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Words } from '../../web/client/src/words.ts'

const WORDS = new Words({
  locale: 'sv',
  words: { writes: '{name} skriver i ”{question}”' },
  plurals: { saved_on_device: { one: '{n} ändring väntar', other: '{n} ändringar väntar' } },
})

test('placeholders are filled, whatever is in what fills them', () => {
  assert.equal(WORDS.say('writes', { name: 'Åsa {n}', question: '$&' }), 'Åsa {n} skriver i ”$&”')
})

test('one and several have their own forms', () => {
  assert.equal(WORDS.count('saved_on_device', 1), '1 ändring väntar')
  assert.equal(WORDS.count('saved_on_device', 2), '2 ändringar väntar')
})

test('a name is set apart, wherever the sentence has it', () => {
  assert.deepEqual(WORDS.around('writes', { question: 'Vad?' }), ['', ' skriver i ”Vad?”'])
})
