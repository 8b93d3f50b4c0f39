import { join } from 'node:path'
import {
  ensureTopics,
  type KafkaConnection,
  makeKafka,
  makeProducer,
  makeTransactionalSender,
  readMark,
  requireCreation,
  requireGroup,
  requireTopicRights,
  requireTransactionalId,
} from '@outflow/streams'
import { type AclEntry, AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { expectEverythingOnce } from '../support/audit.js'
import { doctorFindings } from '../support/doctor-findings.js'
import { withAdmin } from '../support/kafkajs.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
import type { Secured } from '../support/secured.js'
import { startService } from '../support/service-process.js'

const { READ, WRITE, CREATE } = AclOperationTypes
const { TOPIC, GROUP, TRANSACTIONAL_ID } = AclResourceTypes

/** Tests of permissions, on the servers of security.test.ts. */
export function kafkaPermissions(secured: Secured): void {
  /** How `limited`, the user who needs permissions, connects. */
  function limited() {
    const passwordFile = join(secured.folder, 'scram512.secret')
    return {
      brokers: [secured.listeners.LOGIN],
      tls: { caFile: join(secured.folder, 'ca.pem') },
      sasl: { mechanism: 'scram-sha-512' as const, username: 'limited', passwordFile },
    }
  }

  const mark = { groupId: 'outflow-relay-denied', topic: 'denied', partition: 0 }

  describe('Kafka permissions', () => {
    it.each<[string, (kafka: KafkaConnection) => Promise<unknown>, string]>([
      ['a group', (kafka) => readMark(kafka, mark), 'group'],
      ['a topic', (kafka) => ensureTopics(kafka, [{ topic: 'denied', partitions: 1 }]), 'topic denied'],
      ['any topic', makeProducer, 'a topic'],
      [
        'a transactional id',
        async (kafka) => {
          await allow([grant(TOPIC, 'another', WRITE)])
          return makeTransactionalSender(kafka, { transactionalId: 'outflow-relay-denied', mark })
        },
        'transactional id outflow-relay-denied',
      ],
      ['a group that doctor checks', (kafka) => requireGroup(kafka, 'outflow-denied'), 'group outflow-denied'],
      ['a topic to be created', (kafka) => requireCreation(kafka, ['denied']), 'topic denied'],
      [
        'a transactional id that doctor checks',
        (kafka) => requireTransactionalId(kafka, 'outflow-relay-denied'),
        'transactional id outflow-relay-denied',
      ],
    ])('a user without rights on %s receives an error that names it and the permission', async (_, act, what) => {
      const error = await act(makeKafka({ ...limited(), clientId: 'test' })).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        code: 'OUTFLOW_BROKER_REFUSED',
        message: expect.stringMatching(`^Kafka refused access to ${what}; grant the user .*(READ|WRITE)`),
      })
    })

    it('an error names the operations on topics that the user lacks', async () => {
      const kafka = makeKafka({ ...limited(), clientId: 'test' })
      const { brokers } = secured.infrastructure.kafka
      await ensureTopics(makeKafka({ brokers, clientId: 'test' }), [{ topic: 'read-only', partitions: 1 }])
      await allow([grant(TOPIC, 'read-only', READ), grant(TOPIC, 'absent', WRITE)])
      await requireTopicRights(
        kafka,
        new Map([
          ['read-only', ['READ']],
          ['absent', ['WRITE']],
        ]),
      )
      const more = new Map([
        ['read-only', ['READ', 'WRITE']],
        ['denied', ['READ']],
      ] as const)
      await expect(requireTopicRights(kafka, more)).rejects.toMatchObject({
        code: 'OUTFLOW_BROKER_REFUSED',
        problem: 'the Kafka user lacks WRITE on topic read-only, READ on topic denied',
      })
    })

    it('a user with the permissions that docs/guides/security.md lists runs a pipeline', async () => {
      const { brokers } = secured.infrastructure.kafka
      const pipeline = await aParcelPipeline({ model: await parcelModel(), brokers, kafka: limited() })
      const { source, alerts, deadLetters } = pipeline.topics
      const access = async () => (await doctorFindings(pipeline.configFile)).access
      await allow([
        grant(TOPIC, source, READ),
        ...[READ, WRITE, CREATE].map((operation) => grant(TOPIC, alerts, operation)),
        grant(GROUP, 'outflow-', READ),
        grant(TRANSACTIONAL_ID, 'outflow-relay-', WRITE),
      ])
      expect(await access()).toMatchObject({
        ok: false,
        detail: `the Kafka user lacks WRITE on topic ${deadLetters}`,
        fix: 'grant it, or correct the name of the topic',
      })
      await allow([WRITE, CREATE].map((operation) => grant(TOPIC, deadLetters, operation)))
      expect(await access()).toMatchObject({ ok: true })
      for (const name of ['ingest', 'alerts'] as const) startService(name, pipeline.configFile)
      const feed = pipeline.feed(37, { perSecond: 2_000 })
      await pipeline.untilStoredMore(3_000)
      await feed.stop()
      await expectEverythingOnce(pipeline)
    })
  })

  const allow = (acl: AclEntry[]) =>
    withAdmin(secured.infrastructure.kafka.brokers, (admin) => admin.createAcls({ acl }))
}

/** Topics by name, groups and transactional ids by prefix. */
function grant(resourceType: AclResourceTypes, resourceName: string, operation: AclOperationTypes): AclEntry {
  const resourcePatternType = resourceType === TOPIC ? ResourcePatternTypes.LITERAL : ResourcePatternTypes.PREFIXED
  const toLimited = { principal: 'User:limited', host: '*', permissionType: AclPermissionTypes.ALLOW }
  return { ...toLimited, resourceType, resourceName, resourcePatternType, operation }
}
