import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeIamInstanceProfileAssociationsCommand,
  DescribeRegionsCommand,
  EC2Client,
  RunInstancesCommand,
} from "@aws-sdk/client-ec2";
import { CreateInstanceProfileCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateDBInstanceCommand, CreateDBSubnetGroupCommand, RDSClient } from "@aws-sdk/client-rds";
import { ChangeResourceRecordSetsCommand, CreateHostedZoneCommand, Route53Client } from "@aws-sdk/client-route-53";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

/** Builds parts of an account on the emulator, as the site of the brief has them today. */
export class Seed {
  readonly config;
  private readonly ec2;

  constructor(endpoint: string, region: string) {
    this.config = { region, endpoint, credentials: { accessKeyId: "seed", secretAccessKey: "seed" } };
    this.ec2 = new EC2Client(this.config);
  }

  /** The account, as the emulator has it. */
  async whoAmI(): Promise<string> {
    await this.ec2.send(new DescribeRegionsCommand({}));
    const { Account } = await new STSClient(this.config).send(new GetCallerIdentityCommand({}));
    return Account ?? "";
  }

  /** A VPC with public subnets in two zones. */
  async vpc(cidr = "10.0.0.0/16"): Promise<{ vpcId: string; subnetIds: string[] }> {
    const { Vpc } = await this.ec2.send(new CreateVpcCommand({ CidrBlock: cidr }));
    const vpcId = Vpc?.VpcId ?? "";
    const { InternetGateway } = await this.ec2.send(new CreateInternetGatewayCommand({}));
    const GatewayId = InternetGateway?.InternetGatewayId;
    await this.ec2.send(new AttachInternetGatewayCommand({ VpcId: vpcId, InternetGatewayId: GatewayId }));
    const { RouteTable } = await this.ec2.send(new CreateRouteTableCommand({ VpcId: vpcId }));
    const RouteTableId = RouteTable?.RouteTableId;
    await this.ec2.send(new CreateRouteCommand({ RouteTableId, DestinationCidrBlock: "0.0.0.0/0", GatewayId }));
    const subnetIds: string[] = [];
    for (const [index, zone] of ["a", "c"].entries()) {
      const { Subnet } = await this.ec2.send(
        new CreateSubnetCommand({
          VpcId: vpcId,
          CidrBlock: cidr.replace("0.0/16", `${index}.0/24`),
          AvailabilityZone: `${this.config.region}${zone}`,
        }),
      );
      const SubnetId = Subnet?.SubnetId ?? "";
      await this.ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));
      subnetIds.push(SubnetId);
    }
    return { vpcId, subnetIds };
  }

  async securityGroup(vpcId: string, name: string): Promise<string> {
    const { GroupId } = await this.ec2.send(
      new CreateSecurityGroupCommand({ VpcId: vpcId, GroupName: name, Description: name }),
    );
    return GroupId ?? "";
  }

  /** A running instance with an Elastic IP. */
  async instance(subnetId: string, groupId: string, name: string, tags: Readonly<Record<string, string>> = {}) {
    const { Instances } = await this.ec2.send(
      new RunInstancesCommand({
        ImageId: "ami-0123456789abcdef0",
        InstanceType: "t3.medium",
        MinCount: 1,
        MaxCount: 1,
        SubnetId: subnetId,
        SecurityGroupIds: [groupId],
        TagSpecifications: [
          {
            ResourceType: "instance",
            Tags: Object.entries({ Name: name, ...tags }).map(([Key, Value]) => ({ Key, Value })),
          },
        ],
      }),
    );
    const id = Instances?.[0]?.InstanceId ?? "";
    const { AllocationId, PublicIp } = await this.ec2.send(new AllocateAddressCommand({ Domain: "vpc" }));
    await this.ec2.send(new AssociateAddressCommand({ AllocationId, InstanceId: id }));
    return { id, ip: PublicIp ?? "" };
  }

  async database(identifier: string, subnetIds: string[], groupId: string): Promise<void> {
    const rds = new RDSClient(this.config);
    await rds.send(
      new CreateDBSubnetGroupCommand({
        DBSubnetGroupName: identifier,
        DBSubnetGroupDescription: identifier,
        SubnetIds: subnetIds,
      }),
    );
    await rds.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: identifier,
        DBInstanceClass: "db.t4g.small",
        Engine: "postgres",
        EngineVersion: "16.4",
        AllocatedStorage: 50,
        DBSubnetGroupName: identifier,
        VpcSecurityGroupIds: [groupId],
        MasterUsername: "iamvet",
        MasterUserPassword: "not-a-secret-1",
      }),
    );
  }

  /** A public hosted zone with simple A records. */
  async zone(name: string, records: Readonly<Record<string, string>> = {}): Promise<string> {
    const route53 = new Route53Client(this.config);
    const { HostedZone } = await route53.send(new CreateHostedZoneCommand({ Name: name, CallerReference: name }));
    const id = HostedZone?.Id ?? "";
    for (const [host, address] of Object.entries(records)) {
      await route53.send(
        new ChangeResourceRecordSetsCommand({
          HostedZoneId: id,
          ChangeBatch: {
            Changes: [
              {
                Action: "CREATE",
                ResourceRecordSet: { Name: host, Type: "A", TTL: 300, ResourceRecords: [{ Value: address }] },
              },
            ],
          },
        }),
      );
    }
    return id;
  }

  async secret(name: string, value: string): Promise<string> {
    const { ARN } = await new SecretsManagerClient(this.config).send(
      new CreateSecretCommand({ Name: name, SecretString: value }),
    );
    return ARN ?? "";
  }

  /** A topic with an e-mail subscription. */
  async subscription(topic: string, email: string): Promise<void> {
    const sns = new SNSClient(this.config);
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: topic }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "email", Endpoint: email }));
  }

  async profile(name: string): Promise<void> {
    await new IAMClient(this.config).send(new CreateInstanceProfileCommand({ InstanceProfileName: name }));
  }

  /** ARN of the profile that is attached to an instance. */
  async profileOf(instanceId: string): Promise<string | undefined> {
    const { IamInstanceProfileAssociations = [] } = await this.ec2.send(
      new DescribeIamInstanceProfileAssociationsCommand({ Filters: [{ Name: "instance-id", Values: [instanceId] }] }),
    );
    return IamInstanceProfileAssociations[0]?.IamInstanceProfile?.Arn;
  }
}
