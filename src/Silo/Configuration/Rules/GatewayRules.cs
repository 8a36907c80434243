using Meridian.Gateway.Http;
using Meridian.Intents.Wire;

namespace Meridian.Silo.Configuration.Rules;

/// <summary>The rules of <c>Gateway</c>.</summary>
internal static class GatewayRules
{
    // The region protocol forwards a request as one message, so its largest message is the limit.
    private static readonly long MostRequestBytes = new WireOptions().MaxMessageBytes;

    internal static void CheckGateway(GatewayOptions gateway, ICollection<string> mistakes)
    {
        SettingRules.Range(mistakes, "Gateway:DefaultDeadlineMs", gateway.DefaultDeadlineMs, 1, GatewayOptions.GreatestDeadlineMs);
        SettingRules.Range(mistakes, "Gateway:DefaultGenerationDeadlineMs", gateway.DefaultGenerationDeadlineMs, 1, GatewayOptions.GreatestDeadlineMs);
        SettingRules.Range(mistakes, "Gateway:HeartbeatMs", gateway.HeartbeatMs, 100, 600_000);
        SettingRules.Range(mistakes, "Gateway:MaxRequestBytes", gateway.MaxRequestBytes, GatewayOptions.LeastRequestBytes, MostRequestBytes);
        SettingRules.Range(mistakes, "Gateway:MaxItems", gateway.MaxItems, 1, 65_536);
        SettingRules.Range(mistakes, "Gateway:ResumeSeconds", gateway.ResumeSeconds, 0, 600);
        SettingRules.Range(mistakes, "Gateway:MaxResumableStreams", gateway.MaxResumableStreams, 0, 1_000_000);
        SettingRules.CheckEntries(mistakes, "Gateway:Hosts", gateway.Hosts, GatewayOptions.IsHost, GatewayOptions.HostRule);
        SettingRules.CheckEntries(mistakes, "Gateway:AllowedOrigins", gateway.AllowedOrigins, GatewayOptions.IsOrigin, GatewayOptions.OriginRule);
        if (gateway.MaxResumableStreamsPerTenant is { } ofOne)
        {
            SettingRules.Range(mistakes, "Gateway:MaxResumableStreamsPerTenant", ofOne, 1, 1_000_000);
        }

        if (gateway.ResumeKey is { Length: < GatewayOptions.LeastResumeKey } key)
        {
            // The key is a secret, so the message does not show its value.
            mistakes.Add($"{MeridianOptions.Section}:Gateway:ResumeKey has {key.Length} characters: must have at least {GatewayOptions.LeastResumeKey}, for example of `openssl rand -base64 32`, or be left out.");
        }
    }
}
