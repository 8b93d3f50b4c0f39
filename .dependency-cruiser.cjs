/** Patterns of paths below these folders. */
const folder = (...names) => `^(${names.join('|')})/`
const lib = (...names) => `^libs/(${names.join('|')})/`

/** A lib may import itself and these libs; anything else of ours is an error. */
const libImports = (name, allowed) => ({
  name: `libs/${name}`,
  comment: `libs/${name} may import of ours: ${allowed.join(', ') || 'nothing'}`,
  severity: 'error',
  from: { path: lib(name) },
  to: { path: folder('libs', 'services', 'infra', 'test'), pathNot: lib(name, ...allowed) },
})

/** An npm package that only these folders may import. */
const packageBelongs = (pattern, folders) => ({
  name: `package ${pattern}`,
  severity: 'error',
  from: { path: folder('libs', 'services', 'infra/launcher'), pathNot: folders },
  to: { path: `node_modules/${pattern}` },
})

module.exports = {
  forbidden: [
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    libImports('errors', []),
    libImports('contracts', ['errors']),
    libImports('flow', ['errors']),
    libImports('records', ['contracts', 'errors']),
    libImports('encoding', ['flow', 'records', 'contracts', 'errors']),
    libImports('alerting', ['contracts', 'errors']),
    libImports('detector', ['flow', 'encoding', 'records', 'contracts', 'errors']),
    libImports('streams', ['records', 'contracts', 'errors']),
    libImports('store', ['contracts', 'errors']),
    libImports('runtime', ['contracts', 'errors']),
    libImports('terminal', []),
    {
      name: 'services stand alone',
      comment: 'a service never imports another; the command line and the demo alone start them',
      severity: 'error',
      from: { path: '^services/(?!cli/|demo/)([^/]+)/' },
      to: { path: '^(services|infra|test)/', pathNot: '^services/$1/' },
    },
    {
      name: 'scoring thread',
      comment:
        'encoding and records/fields run in the scoring thread, which loads neither zod nor the readers of records',
      severity: 'error',
      from: {
        path: '^libs/(encoding/src/|records/src/fields/(columns|field-table|missing))',
        pathNot: '\\.test\\.ts$',
      },
      to: { path: '^libs/(contracts|records)/src/index', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'through the front door',
      comment:
        'another workspace sees only src/index.ts, errors/retrying, records/fields, runtime/signals, runtime/user-name, detector/threaded-scorer, streams/deliveries, and the index of each sub-path of alerting, console, contracts and store',
      severity: 'error',
      from: { path: '^((?:libs|services|infra)/[^/]+)/' },
      to: {
        path: '^(libs|services|infra)/[^/]+/src/',
        pathNot: [
          '^$1/',
          '/src/index\\.ts$',
          '^(libs/(alerting|contracts|store)|services/console)/src/[^/]+/index\\.ts$',
          '^libs/(errors/src/retrying|records/src/fields/index)\\.ts$',
          '^libs/runtime/src/(signals|user-name)\\.ts$',
          '^libs/detector/src/scoring/threaded-scorer\\.ts$',
          '^libs/streams/src/reading/deliveries\\.ts$',
        ],
      },
    },
    packageBelongs('@tensorflow/', lib('flow')),
    packageBelongs('onnxruntime', lib('flow')),
    packageBelongs('protobufjs', lib('flow', 'records')),
    packageBelongs('kafkajs', lib('streams')),
    packageBelongs('(snappy|lz4-napi|@mongodb-js/zstd)', lib('streams')),
    packageBelongs('pg/', [lib('store'), folder('infra/launcher')]),
    packageBelongs('(cli-table3|picocolors)/', lib('terminal')),
    packageBelongs('zod', [lib('contracts', 'records', 'store'), '^services/console/']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['source', 'import', 'node', 'default'] },
  },
}
