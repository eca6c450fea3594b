/** The page's script: makes what the server has rendered live. */

import { goToHash, listenForActions } from './actions.ts'
import { Announcer } from './announce.ts'
import { Conversation } from './conversation.ts'
import { measureBars } from './covered.ts'
import { Device } from './device.ts'
import { Gradual } from './gradual.ts'
import { paintKeptLink } from './kept.ts'
import { showKept } from './kept_page.ts'
import { listenForSignOut } from './leave.ts'
import { keepForOffline } from './offline.ts'
import { pageData } from './page_data.ts'
import type { PageData } from './page_data.ts'
import { Toolbar } from './toolbar.ts'
import { Words } from './words.ts'

async function begin(data: PageData): Promise<void> {
  measureBars()
  const words = new Words(data)
  const announcer = new Announcer(document)
  const device = await Device.open(data.me.id)
  if (data.conversation === undefined) {
    listenForSignOut(device, words, announcer, null)
    if (document.body.dataset['page'] === 'kept') await showKept(device, words, announcer, data.locale)
    await paintKeptLink(device, words)
    document.body.dataset['ready'] = ''
    await keepForOffline(data)
    return
  }
  const tools = { announcer, words, gradual: new Gradual(), toolbar: new Toolbar(document) }
  const conversation = new Conversation(data, device, tools)
  listenForActions(conversation, words)
  listenForSignOut(device, words, announcer, conversation)
  conversation.onFresh = (fresh) => void keepForOffline(fresh)
  await conversation.start()
  goToHash(conversation)
  document.body.dataset['ready'] = ''
  await keepForOffline(data)
}

const data = pageData(document)
if (data) void begin(data)
