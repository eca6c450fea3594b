// Builds web/static from web/client/src and web/styles: hashed names, the icon sprite, the licence texts, manifest.json.
// `node build.mjs --watch` builds again at every change, unminified.
import * as esbuild from 'esbuild'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
process.chdir(here)
const out = '../static'
const styles = '../styles/samsyn.css'
const watching = process.argv.includes('--watch')

/** A font that comes late is for the next page: text that is being read, or written, never moves. */
const stillFonts = {
  name: 'still-fonts',
  setup: (build) => build.onLoad({ filter: /@fontsource.*\.css$/ }, ({ path }) => ({
    contents: readFileSync(path, 'utf8').replaceAll('font-display: swap', 'font-display: optional'),
    loader: 'css',
  })),
}

const common = {
  bundle: true,
  minify: !watching,
  sourcemap: watching,
  target: ['es2022', 'safari16.4', 'firefox115', 'chrome111'],
  outdir: out,
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
  nodePaths: ['node_modules'],
  loader: { '.woff2': 'file', '.svg': 'file', '.png': 'file' },
  assetNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  plugins: [stillFonts],
}
const page = {
  ...common,
  format: 'esm',
  splitting: true,
  entryNames: '[name]-[hash]',
  entryPoints: [{ in: 'src/entry.ts', out: 'samsyn' }, ...(existsSync(styles) ? [{ in: styles, out: 'samsyn' }] : [])],
}
// The service worker keeps its name: the browser compares its bytes to find a new version.
const worker = { ...common, format: 'iife', entryNames: '[name]', entryPoints: ['src/service-worker.ts'] }

/** One file of <symbol>s, for `<svg><use href="…#name">`. Names: one a line in web/styles/icons.txt. */
function sprite() {
  const list = '../styles/icons.txt'
  if (!existsSync(list)) return {}
  const names = readFileSync(list, 'utf8').split('\n').map((line) => line.trim()).filter((line) => line && !line.startsWith('#'))
  const symbols = names.map((name) => {
    const svg = readFileSync(join('node_modules/lucide-static/icons', `${name}.svg`), 'utf8')
    const drawing = svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>')).replace(/\s*\n\s*/g, ' ').trim()
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${drawing}</symbol>`
  })
  const text = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>\n`
  const file = `icons-${createHash('sha256').update(text).digest('hex').slice(0, 8).toUpperCase()}.svg`
  writeFileSync(join(out, file), text)
  return { 'icons.svg': file }
}

// The fonts of a record on paper (server/record/paper.typ), as TrueType: whole, for nobody downloads them.
const paperFonts = {
  inter: ['400Regular', '400Regular_Italic', '600SemiBold', '600SemiBold_Italic'],
  newsreader: ['500Medium', '400Regular_Italic'],
  'noto-sans': ['400Regular'],
  'noto-sans-hebrew': ['400Regular'],
  'noto-sans-arabic': ['400Regular'],
  'noto-sans-math': ['400Regular'],
  'noto-sans-symbols-2': ['400Regular'],
  'noto-emoji': ['400Regular'],
}

function paper() {
  mkdirSync(join(out, 'paper'), { recursive: true })
  for (const [family, styles] of Object.entries(paperFonts)) {
    for (const style of styles) {
      const folder = join('node_modules/@expo-google-fonts', family, style)
      for (const file of readdirSync(folder).filter((name) => name.endsWith('.ttf'))) copyFileSync(join(folder, file), join(out, 'paper', file))
    }
  }
  return Object.keys(paperFonts).map((family) => `@expo-google-fonts/${family}`)
}

/** The licence of everything that ended up in the files that browsers get, or that records are drawn with. */
function notices(inputs) {
  const packages = new Set(['lucide-static', ...paper()])
  for (const input of inputs) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)
    if (found) packages.add(found[1])
  }
  const texts = [...packages].sort().map((name) => {
    const folder = join('node_modules', name)
    const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const licences = readdirSync(folder).filter((file) => /^licen[cs]e/i.test(file)).sort()
    return `${name} ${about.version} (${about.license})\n\n${licences.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')}`
  })
  writeFileSync(join(out, 'THIRD-PARTY.txt'), texts.join(`\n${'-'.repeat(70)}\n`))
  return { 'THIRD-PARTY.txt': 'THIRD-PARTY.txt' }
}

function finish(...results) {
  const manifest = {}
  const inputs = []
  for (const { metafile } of results) {
    inputs.push(...Object.keys(metafile.inputs))
    for (const file of Object.keys(metafile.outputs)) {
      const name = basename(file)
      if (!name.endsWith('.map')) manifest[name.replace(/-[A-Z0-9]{8}(?=\.\w+$)/, '')] = name
    }
  }
  Object.assign(manifest, sprite(), notices(inputs))
  writeFileSync(join(out, 'manifest.json'), JSON.stringify(manifest, null, 1) + '\n')
}

rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
if (watching) {
  const again = { name: 'manifest', setup: (build) => build.onEnd((result) => result.metafile && finish(result, { metafile: { inputs: {}, outputs: { 'service-worker.js': {} } } })) }
  await (await esbuild.context(worker)).watch()
  await (await esbuild.context({ ...page, plugins: [stillFonts, again] })).watch()
} else {
  finish(await esbuild.build(page), await esbuild.build(worker))
}
