/** Lists that are kept as they are ticked: each tick is sent at once, and the button is not needed. */

export function listenForTicks(document: Document): void {
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-send-on=change]')) {
    const button = form.querySelector('button')
    if (button) button.hidden = true
    // One after the other, so that the last one sent says how the list is.
    let sent = Promise.resolve()
    form.addEventListener('change', () => {
      sent = sent.then(() => send(form)).then((ok) => { if (button) button.hidden = ok })
    })
  }
}

/** Whether the server has it. If not, the button is there again to say so and to try once more. */
async function send(form: HTMLFormElement): Promise<boolean> {
  const body = new URLSearchParams(new FormData(form) as unknown as Record<string, string>)
  try {
    const answer = await fetch(form.action, { method: 'POST', body, headers: { Accept: 'application/json' } })
    return answer.ok
  } catch {
    return false
  }
}
