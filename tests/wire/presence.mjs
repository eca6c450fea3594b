import assert from 'node:assert/strict'
import { EMPLOYEE, JOINT, Page, control, play, talk, until } from './page.mjs'

await play(async () => {
  await talk()
  const kari = new Page('kari'), ola = new Page('ola')
  const mine = await kari.join(JOINT), theirs = await ola.join(JOINT)
  mine.provider.awareness.setLocalStateField('user', { name: 'Konungen' })
  await until('shown by the name of the login', () => theirs.here.join() === 'Kari')
  mine.provider.awareness.setLocalStateField('field', 'a1')
  await until('where she writes', () => [...theirs.provider.awareness.getStates().values()].some((state) => state.field === 'a1'))
  // A private pane: nothing of it reaches the other.
  const secret = await kari.join(EMPLOYEE)
  const heard = ola.frames.filter((frame) => frame.length > 1).length
  secret.provider.awareness.setLocalStateField('field', 'b1')
  secret.type('hemmelig')
  await secret.saved()
  assert.equal(ola.frames.filter((frame) => frame.length > 1).length, heard)
  // All sockets are cut: both come back, and nobody is there twice.
  await control({ do: 'cut' })
  await until('back', () => kari.sockets === 2 && ola.sockets === 2)
  await until('shown again', () => theirs.here.join() === 'Kari' && mine.here.join() === 'Ola')
  // She comes by a second device and closes the first: one of her stays, then none.
  const phone = new Page('kari', { session: 'phone' })
  await phone.join(JOINT)
  await until('both devices', () => theirs.here.length === 2)
  kari.destroy()
  await until('one left', () => theirs.here.length === 1)
  phone.socket.webSocket.close()
  phone.socket.shouldConnect = false
  await until('no ghost', () => theirs.here.length === 0)
})
