/** Signing out: asks first when something was never sent, then leaves nothing of the person's on the device but that. */

import type { Announcer } from './announce.ts'
import type { Device } from './device.ts'
import { giveUp } from './kept.ts'
import { forgetOffline } from './offline.ts'
import type { Words } from './words.ts'

export interface Leaving {
  /** Changes of this page's own documents that the server has not acknowledged. */
  waiting(): number
  /** Close the documents, so that nothing is written to the device any more. */
  close(): void
}

export function listenForSignOut(device: Device | null, words: Words, announcer: Announcer, leaving: Leaving | null): void {
  document.addEventListener('submit', (event) => {
    const form = event.target
    if (!(form instanceof HTMLFormElement) || form.dataset['action'] !== 'sign-out') return
    event.preventDefault()
    void signOut(form, device, words, announcer, leaving)
  })
}

async function signOut(form: HTMLFormElement, device: Device | null, words: Words, announcer: Announcer, leaving: Leaving | null): Promise<void> {
  const stored = (await device?.waiting()) ?? []
  const unsent = Math.max(stored.reduce((sum, row) => sum + row.count, 0), leaving?.waiting() ?? 0)
  if (unsent > 0 && !window.confirm(words.count('sign_out_unsent', unsent))) return
  // Only the server can end the session; whoever is not told so would believe to be signed out.
  if (!(await isReachable('/healthz'))) return announcer.show(words.say('sign_out_offline'))
  leaving?.close()
  // What waits becomes kept text: it is shown to this person again, and to nobody else.
  if (device) for (const name of await device.documents()) await giveUp(device, name)
  await forgetOffline()
  form.submit()
}

/** Whether there is an answer, whatever it says. */
async function isReachable(address: string): Promise<boolean> {
  return fetch(address, { cache: 'no-store' }).then(() => true, () => false)
}
