import { checkRows, node, python } from '../../../../test/support/rule-samples';
import { CLOUD_RULES } from './cloud-rules';

describe('the table of clouds', () => {
  checkRows(CLOUD_RULES, {
    'aws-no-credentials': [
      'credentials likely',
      python('botocore.exceptions.NoCredentialsError: Unable to locate credentials'),
      node('CredentialsProviderError: Could not load credentials from any providers', 'tryNextLink: false'),
      'panic: NoCredentialProviders: no valid providers in chain\n\ngoroutine 1 [running]:\nmain.main()\n',
    ],
    'aws-partial-credentials': [
      'credentials certain',
      python('botocore.exceptions.PartialCredentialsError: Partial credentials found in env, missing: AWS_SECRET'),
      python('botocore.exceptions.ProfileNotFound: The config profile (scout) could not be found'),
    ],
    'aws-key-refused': [
      'credentials certain',
      python(
        'botocore.exceptions.ClientError: An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation: The security token included in the request is invalid.',
      ),
      node(
        'UnrecognizedClientException: The security token included in the request is invalid.',
        "'$fault': 'client',",
      ),
      python(
        'botocore.exceptions.ClientError: An error occurred (AuthFailure) when calling the DescribeInstances operation: AWS was not able to validate the provided access credentials',
      ),
    ],
    'aws-token-refused': [
      'credentials likely',
      python(
        'botocore.exceptions.ClientError: An error occurred (ExpiredToken) when calling the ListBuckets operation: The provided token has expired.',
      ),
      node('SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided.'),
      python('botocore.exceptions.UnauthorizedSSOTokenError: The SSO session associated with this profile has expired'),
    ],
    'google-no-credentials': [
      'credentials likely',
      python(
        'google.auth.exceptions.DefaultCredentialsError: Your default credentials were not found. To set up ADC, see https://cloud.google.com/docs',
      ),
      node(
        'Error: Could not load the default credentials. Browse to https://cloud.google.com/docs for more information.',
      ),
    ],
    'google-login': [
      'credentials likely',
      python("google.auth.exceptions.RefreshError: ('invalid_grant: Bad Request', {'error': 'invalid_grant'})"),
    ],
    'azure-client-refused': [
      'credentials certain',
      python(
        'azure.core.exceptions.ClientAuthenticationError: Authentication failed: AADSTS7000215: Invalid client secret provided.',
      ),
      node('AuthenticationRequiredError: invalid_client: AADSTS7000222: The provided client secret keys are expired.'),
    ],
    'azure-no-credentials': [
      'credentials likely',
      python(
        'azure.core.exceptions.ClientAuthenticationError: DefaultAzureCredential failed to retrieve a token from the included credentials.',
      ),
      node('CredentialUnavailableError: EnvironmentCredential is unavailable.'),
    ],
    'bedrock-model': [
      'credentials certain',
      python(
        "botocore.errorfactory.AccessDeniedException: An error occurred (AccessDeniedException) when calling the InvokeModel operation: You don't have access to the model with the specified model ID.",
      ),
    ],
  });
});
