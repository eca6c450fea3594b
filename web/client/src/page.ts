/** The page's script: makes what the server has rendered live. */

import { goToHash, listenForActions } from './actions.ts'
import { Announcer } from './announce.ts'
import { listenForTicks } from './checklist.ts'
import { measureBars } from './covered.ts'
import { Device } from './device.ts'
import { follow } from './follow.ts'
import { Gradual } from './gradual.ts'
import { forgetOthers, giveUpConversation, paintKeptLink } from './kept.ts'
import { showKept } from './kept_page.ts'
import { listenForSignOut } from './leave.ts'
import { LivePage } from './live_page.ts'
import { forgetPage, keepForOffline } from './offline.ts'
import { isLive, pageData } from './page_data.ts'
import type { PageData } from './page_data.ts'
import { Toolbar } from './toolbar.ts'
import { Words } from './words.ts'

async function begin(data: PageData): Promise<void> {
  measureBars()
  listenForTicks(document)
  const words = new Words(data)
  const announcer = new Announcer(document)
  const device = await Device.open(data.me.id)
  void forgetOthers(data.me.id)
  if (!isLive(data)) {
    listenForSignOut(device, words, announcer, null)
    const handedOver = document.querySelector<HTMLElement>('[data-handed-over]')?.dataset['handedOver']
    if (handedOver) {
      if (device) await giveUpConversation(device, handedOver)
      await forgetPage(data, `/conversations/${handedOver}`)
    }
    if (document.body.dataset['page'] === 'kept') await showKept(device, words, announcer, data.locale)
    await paintKeptLink(device, words)
    document.body.dataset['ready'] = ''
    void follow(announcer)
    await keepForOffline(data)
    return
  }
  const tools = { announcer, words, gradual: new Gradual(), toolbar: new Toolbar(document) }
  const page = new LivePage(data, device, tools)
  listenForActions(page, words)
  listenForSignOut(device, words, announcer, page)
  page.onFresh = (fresh) => void keepForOffline(fresh)
  await page.start()
  goToHash(page)
  document.body.dataset['ready'] = ''
  await keepForOffline(data)
}

const data = pageData(document)
if (data) void begin(data)
