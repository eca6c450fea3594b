// Records what browsers really send: Yjs updates made by the editor's own binding, without a browser.
// node tests/crdt/record_updates.mjs > tests/crdt/recorded_updates.json
//
// {name: {"updates": [hex, …in the order in which the server takes them], "texts": {root: XML at the end}}}
import { createRequire } from 'node:module'

const require = createRequire(new URL('../../web/client/package.json', import.meta.url))
const Y = require('yjs')
const { getSchema } = require('@tiptap/core')
const { updateYFragment, yXmlFragmentToProseMirrorRootNode, defaultDeleteFilter } = require('@tiptap/y-tiptap')
const { EditorState, TextSelection } = require('@tiptap/pm/state')
const { splitBlock, joinBackward, toggleMark, chainCommands } = require('@tiptap/pm/commands')
const { wrapInList, splitListItem, sinkListItem, liftListItem } = require('@tiptap/pm/schema-list')
const { Document } = require('@tiptap/extension-document')
const { Paragraph } = require('@tiptap/extension-paragraph')
const { Text } = require('@tiptap/extension-text')
const { Bold } = require('@tiptap/extension-bold')
const { Italic } = require('@tiptap/extension-italic')
const { HardBreak } = require('@tiptap/extension-hard-break')
const { BulletList, OrderedList, ListItem } = require('@tiptap/extension-list')

const schema = getSchema([Document, Paragraph, Text, Bold, Italic, HardBreak, BulletList, OrderedList, ListItem])
const { nodes, marks } = schema
const SERVER = 1
const ROOTS = ['rich', 'short']

class Log {
  updates = []
  doc = new Y.Doc()
  constructor () {
    const seed = new Y.Doc()
    seed.clientID = SERVER
    seed.transact(() => ROOTS.forEach(name => seed.getXmlFragment(name).insert(0, [new Y.XmlElement('paragraph')])))
    this.take(Y.encodeStateAsUpdate(seed))
  }

  take (update) {
    this.updates.push(Buffer.from(update).toString('hex'))
    Y.applyUpdate(this.doc, update)
  }
}

class Person {
  constructor (log, client) {
    this.log = log
    this.doc = new Y.Doc()
    this.doc.clientID = client
    this.online = true
    this.pull()
    this.doc.on('update', (update, origin) => { if (origin !== log && this.online) log.take(update) })
    this.meta = { mapping: new Map(), isOMark: new Map() }
    this.open('rich')
  }

  // Opens one text in an editor, with an undo of its own.
  open (name) {
    this.text = this.doc.getXmlFragment(name)
    this.undoing = new Y.UndoManager(this.text, {
      trackedOrigins: new Set([this.meta]), captureTimeout: 0, deleteFilter: item => defaultDeleteFilter(item, new Set(['paragraph']))
    })
    this.read()
    return this
  }

  read () {
    this.meta.mapping.clear()
    this.state = EditorState.create({ schema, doc: yXmlFragmentToProseMirrorRootNode(this.text, schema) })
    return this.at(this.state.doc.content.size)
  }

  pull () { Y.applyUpdate(this.doc, Y.encodeStateAsUpdate(this.log.doc, Y.encodeStateVector(this.doc)), this.log); return this }
  leave () { this.online = false; return this }
  // What a provider does when it connects: fetch, then send everything that the server lacks (a Step2).
  come () {
    this.pull().log.take(Y.encodeStateAsUpdate(this.doc, Y.encodeStateVector(this.log.doc)))
    this.online = true
    return this.read()
  }

  dispatch (tr) {
    this.state = this.state.apply(tr)
    this.doc.transact(() => updateYFragment(this.doc, this.text, this.state.doc, this.meta), this.meta)
    return this
  }

  do (command) { command(this.state, tr => this.dispatch(tr)); return this }
  at (from, to = from) {
    const size = this.state.doc.content.size
    this.state = this.state.apply(this.state.tr.setSelection(
      TextSelection.between(this.state.doc.resolve(Math.min(from, size)), this.state.doc.resolve(Math.min(to, size)))))
    return this
  }

  all () { return this.at(0, this.state.doc.content.size) }
  type (words) { for (const c of words) this.dispatch(this.state.tr.insertText(c)); return this }
  erase () { return this.dispatch(this.state.tr.deleteSelection()) }
  enter () { return this.do(chainCommands(splitListItem(nodes.listItem), splitBlock)) }
  join () { return this.do(joinBackward) }
  bold () { return this.do(toggleMark(marks.bold)) }
  italic () { return this.do(toggleMark(marks.italic)) }
  undo () { this.undoing.undo(); return this.read() }
  redo () { this.undoing.redo(); return this.read() }
  set (key, value) { this.doc.getMap('values').set(key, value); return this }
  clear (key) { this.doc.getMap('values').delete(key); return this }
  row (id) {
    const row = new Y.Map(); const cell = new Y.XmlFragment()
    cell.insert(0, [new Y.XmlElement('paragraph')])
    this.doc.transact(() => {
      row.set('id', id)
      row.set('goal', cell)
      this.doc.getArray('table').push([row])
    })
    return row
  }
}

const scenes = {
  typing: log => new Person(log, 1001).type('Hej å! 😀 x').at(3, 5).erase().type('ö'),
  marks: log => new Person(log, 1001).type('one two three').at(1, 8).bold().at(5, 12).italic().at(3, 5).bold().at(2, 2).type('X').all().bold(),
  paragraphs: log => {
    const p = new Person(log, 1001).type('onetwothree').at(4).enter().type('and ').at(12).enter()
    p.join().at(6).join().dispatch(p.state.tr.replaceSelectionWith(nodes.hardBreak.create()))
  },
  lists: log => {
    const p = new Person(log, 1001).type('one').do(wrapInList(nodes.bulletList)).enter().type('two')
    p.do(sinkListItem(nodes.listItem)).type('!').do(liftListItem(nodes.listItem)).enter().do(liftListItem(nodes.listItem))
    p.type('three').do(wrapInList(nodes.orderedList, { start: 3, type: 'a' })).enter().type('four')
    p.dispatch(p.state.tr.setNodeMarkup(p.state.selection.$from.before(1), undefined, { start: 7, type: null }))
  },
  undo: log => new Person(log, 1001).type('abc').enter().type('def').at(1, 6).bold().undo().undo().undo().redo().redo()
    .all().erase().type('z').undo().undo().redo(),
  'undo of a deleted paragraph that another wrote in': log => {
    const p = new Person(log, 1001).type('abc').enter().type('def')
    const q = new Person(log, 1002).at(6).type('Q')
    p.pull().read().at(4, 9).erase()
    q.pull().read().type('R')
    p.pull().undo()
    q.pull().read().at(2).type('S')
    p.pull().redo()
  },
  'both press Enter': log => {
    const p = new Person(log, 1001).type('hello'); const q = new Person(log, 1002)
    p.leave().at(3).enter().type('P'); q.leave().at(3).enter().type('Q')
    p.come(); q.come(); p.pull().read().type('!')
  },
  'one deletes what the other writes in': log => {
    const p = new Person(log, 1001).type('one').enter().type('two'); const q = new Person(log, 1002)
    p.leave(); q.leave()
    p.all().erase().type('new'); q.at(8).type(' more').enter().type('four').at(2).bold().type('B')
    p.come(); q.come(); p.pull().read().type('.')
    q.leave().type('after').come()
  },
  'a reconnection with nothing new': log => {
    const p = new Person(log, 1001).type('abcdef').at(2, 4).erase()
    p.leave().come()
    new Person(log, 1002).type('x').leave().come()
  },
  'short text': log => new Person(log, 1001).open('short').type('a title').at(2).enter().all().erase().type('b'),
  values: log => {
    const p = new Person(log, 1001).set('scale', 3).set('scale', 4).set('date', '2026-11-26').set('check', true).clear('scale')
    const q = new Person(log, 1002)
    p.leave().set('scale', 1).set('choice', 'a').set('number', 2.5); q.leave().set('scale', 5).set('number', 7).set('person', 'p1')
    p.come(); q.come(); p.pull().set('scale', 2).set('choice', null).set('date', undefined)
    const chosen = p.doc.getMap('chosen')
    chosen.set('x', true); chosen.set('y', true); chosen.delete('x')
  },
  rows: log => {
    const p = new Person(log, 1001); const q = new Person(log, 1002)
    const first = p.row('r1')
    p.text = first.get('goal'); p.read().type('a goal').enter().type('more')
    first.set('when', '2026-12-01'); first.set('when', '2026-12-02'); first.delete('when')
    p.leave(); q.pull().leave()
    p.row('r2'); const other = q.row('r3')
    q.text = other.get('goal'); q.read().type('of q').at(1, 3).bold()
    q.doc.getArray('table').get(0).set('removed', true)
    p.come(); q.come()
    p.pull().doc.getArray('table').get(0).set('removed', false)
  }
}

const recorded = {}
for (const [name, play] of Object.entries(scenes)) {
  const log = new Log()
  play(log)
  recorded[name] = { updates: log.updates, texts: Object.fromEntries(ROOTS.map(root => [root, log.doc.getXmlFragment(root).toString()])) }
}
process.stdout.write(JSON.stringify(recorded, null, 1) + '\n')
