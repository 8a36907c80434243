using Microsoft.Extensions.Options;

namespace Meridian.Gateway.Http;

internal sealed class GatewayOptionsValidator : IValidateOptions<GatewayOptions>
{
    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        List<string> mistakes = [];
        if (options.MaxRequestBytes is < GatewayOptions.LeastRequestBytes or > int.MaxValue)
        {
            mistakes.Add($"{nameof(GatewayOptions)}.{nameof(GatewayOptions.MaxRequestBytes)} is {options.MaxRequestBytes}: must be from {GatewayOptions.LeastRequestBytes} to {int.MaxValue} bytes.");
        }

        if (options.DefaultDeadlineMs is < 1 or > GatewayOptions.GreatestDeadlineMs)
        {
            mistakes.Add($"{nameof(GatewayOptions)}.{nameof(GatewayOptions.DefaultDeadlineMs)} is {options.DefaultDeadlineMs}: must be from 1 to {GatewayOptions.GreatestDeadlineMs} ms.");
        }

        if (options.DefaultGenerationDeadlineMs is < 1 or > GatewayOptions.GreatestDeadlineMs)
        {
            mistakes.Add($"{nameof(GatewayOptions)}.{nameof(GatewayOptions.DefaultGenerationDeadlineMs)} is {options.DefaultGenerationDeadlineMs}: must be from 1 to {GatewayOptions.GreatestDeadlineMs} ms.");
        }

        if (options.HeartbeatMs is < 100 or > 600_000)
        {
            mistakes.Add($"{nameof(GatewayOptions)}.{nameof(GatewayOptions.HeartbeatMs)} is {options.HeartbeatMs}: must be from 100 to 600000 ms.");
        }

        if (options.MaxItems is < 1 or > 65_536)
        {
            mistakes.Add($"{nameof(GatewayOptions)}.{nameof(GatewayOptions.MaxItems)} is {options.MaxItems}: must be from 1 to 65536.");
        }

        if (options.ResumeSeconds is < 0 or > 600)
        {
            mistakes.Add($"{nameof(GatewayOptions)}.{nameof(GatewayOptions.ResumeSeconds)} is {options.ResumeSeconds}: must be from 0 to 600 s.");
        }

        if (options.MaxResumableStreams is < 0 or > 1_000_000)
        {
            mistakes.Add($"{nameof(GatewayOptions)}.{nameof(GatewayOptions.MaxResumableStreams)} is {options.MaxResumableStreams}: must be from 0 to 1000000.");
        }

        for (var i = 0; i < options.Hosts.Count; i++)
        {
            if (!GatewayOptions.IsHost(options.Hosts[i]))
            {
                mistakes.Add($"{nameof(GatewayOptions)}.{nameof(GatewayOptions.Hosts)}[{i}] is '{options.Hosts[i]}': {GatewayOptions.HostRule}");
            }
        }

        for (var i = 0; i < options.AllowedOrigins.Count; i++)
        {
            if (!GatewayOptions.IsOrigin(options.AllowedOrigins[i]))
            {
                mistakes.Add($"{nameof(GatewayOptions)}.{nameof(GatewayOptions.AllowedOrigins)}[{i}] is '{options.AllowedOrigins[i]}': {GatewayOptions.OriginRule}");
            }
        }

        if (options.MaxResumableStreamsPerTenant is < 1 or > 1_000_000)
        {
            mistakes.Add($"{nameof(GatewayOptions)}.{nameof(GatewayOptions.MaxResumableStreamsPerTenant)} is {options.MaxResumableStreamsPerTenant}: must be from 1 to 1000000, or be left out.");
        }

        if (options.ResumeKey is { Length: < GatewayOptions.LeastResumeKey } key)
        {
            mistakes.Add($"{nameof(GatewayOptions)}.{nameof(GatewayOptions.ResumeKey)} has {key.Length} characters: must have at least {GatewayOptions.LeastResumeKey}, or be left out.");
        }

        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }
}
