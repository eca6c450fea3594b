import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Numbers } from '../../web/client/src/numbers.ts'

test('a number is read as people in the language write it, with a comma or a point', () => {
  const swedish = new Numbers('sv')
  for (const [text, number] of [['7,5', 7.5], ['7.5', 7.5], ['1 000', 1000], ['1\u00a0000,25', 1000.25], ['−3', -3], ['+4', 4]] as const) {
    assert.equal(swedish.read(text), number, text)
  }
  assert.equal(new Numbers('en').read('1,000'), 1000)
  assert.equal(new Numbers('en').read('1,5'), 1.5)
  assert.equal(new Numbers('nb').read('1,000'), 1)
})

test('nothing is no number, and what is none is told apart from it', () => {
  const norwegian = new Numbers('nb')
  assert.equal(norwegian.read('  '), null)
  for (const text of ['x', '1,2,3', '1e9', '.', '5 %', 'Infinity']) assert.ok(Number.isNaN(norwegian.read(text)), text)
})

test('a number is shown as it is written, without marks between the thousands', () => {
  assert.equal(new Numbers('sv').show(1234.5), '1234,5')
  assert.equal(new Numbers('en').show(1234.5), '1234.5')
  assert.equal(new Numbers('nb').show(0.1), '0,1')
})
