/** What a user of a guarded broker needs. docs/OPERATIONS.md, "Rights on Kafka", says who needs which. */
export const TOPIC_RIGHT_REMEDY: string =
  "give this user the rights on the topic: Describe, DescribeConfigs and Read, to write it Write, to make it Create, to remove it Delete";
export const GROUP_RIGHT_REMEDY: string = "give this user the right Read on the consumer group";
export const TRANSACTIONAL_ID_RIGHT_REMEDY: string = "give this user the right Write on the transactional id";
