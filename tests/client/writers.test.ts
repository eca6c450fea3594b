import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { Writers } from '../../web/client/src/writers.ts'

const JONAS = { id: 'jonas', name: 'Jonas Bergman', initials: 'JB', colour: 'man' }

/** What the editor of field a1 is given of somebody else who says that the caret is `cursor`. */
function drawn(cursor: unknown): number {
  const [mine, theirs] = [new Awareness(new Y.Doc()), new Awareness(new Y.Doc())]
  mine.doc.getXmlFragment('a1').insert(0, [new Y.XmlElement('paragraph')])
  theirs.setLocalState({ user: JONAS, at: 'a1', writing: false, cursor })
  applyAwarenessUpdate(mine, encodeAwarenessUpdate(theirs, [theirs.clientID]), 'socket')
  const count = new Writers(mine).forField('a1').getStates().size
  mine.destroy()
  theirs.destroy()
  return count
}

test('a caret, and somebody without one, reach the editor', () => {
  const place = { type: null, tname: 'a1', item: null, assoc: 0 }
  assert.equal(drawn({ anchor: place, head: place }), 1)
  assert.equal(drawn(null), 1)
})

test('what is no caret does not, for the editor would break on it', () => {
  const place = { type: null, tname: 'a1', item: null, assoc: 0 }
  for (const cursor of [{}, 1, 'here', [], { anchor: place }, { anchor: {}, head: {} }, { anchor: place, head: { item: { client: 'x', clock: -1 } } }]) {
    assert.equal(drawn(cursor), 0, JSON.stringify(cursor))
  }
})
