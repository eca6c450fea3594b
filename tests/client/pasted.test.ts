import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutStyles } from '../../web/client/src/pasted.ts'

test('no style attribute and no style sheet reaches the parser', () => {
  const pasted = '<style>p{color:red}</style><p class="x" STYLE = "color:red">a <b\nstyle=font-weight:normal>b</b></p>'
  assert.equal(withoutStyles(pasted), '<p class="x" data-style = "color:red">a <b data-style=font-weight:normal>b</b></p>')
})

test('what people have written about styles stays as it is', () => {
  assert.equal(withoutStyles('<p>my style = "plain"</p>'), '<p>my style = "plain"</p>')
})
