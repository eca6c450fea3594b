import assert from 'node:assert/strict'
import { EMPLOYEE, JOINT, Page, control, conversation, play, talk, until } from './page.mjs'

await play(async () => {
  await talk()
  const kari = new Page('kari')
  const joint = await kari.join(JOINT), mine = await kari.join(EMPLOYEE)
  mine.type('utkast')
  await mine.saved()
  const next = `${conversation}/employee/2`
  const id = await control({ do: 'add', name: next, private: false, scopes: { kari: 'read-write', ola: 'read-write' } })
  await control({ do: 'answer', person: 'kari', name: EMPLOYEE, reason: 'moved' })
  await control({ do: 'changed', conversation })
  await until('moved', () => mine.closed.includes('moved'))
  await until('told', () => joint.told.length === 1)
  assert.deepEqual(joint.told, [{ event: 'changed' }])
  mine.provider.destroy()
  const anew = await kari.join(next)
  anew.type('delt')
  await anew.saved()
  assert.equal(await control({ do: 'text', document: id }), 'delt')
  const late = kari.attach(EMPLOYEE)
  await until('denied as moved', () => late.denied.includes('moved'))
  assert.equal(kari.sockets, 1)
})
