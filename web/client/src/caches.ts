/** Names of what the service worker and the page keep in the browser's cache; shared by both. */

/** Pages of one person. Only one person's pages are ever there. */
export const PAGES = 'samsyn-pages/'
/** Files with a hash in their name, the same for everybody. */
export const ASSETS = 'samsyn-assets'
/** Shown offline for every page that is not kept. */
export const OFFLINE_PAGE = '/offline'
/** The pages that can be kept. */
export const KEEPABLE = /^\/(conversations\/[^/]+|people\/[^/]+\/activities\/[^/]+)$/
