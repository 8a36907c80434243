using System.Net;
using System.Text.RegularExpressions;
using Meridian.Intents;
using Meridian.Routing;
using Meridian.Routing.Policies;

namespace Meridian.Silo.Configuration.Rules;

/// <summary>Rules that several sections share. Each broken rule adds one line: path, value, rule.</summary>
internal static partial class SettingRules
{
    internal static void Range(ICollection<string> mistakes, string path, long value, long least, long most)
    {
        if (value < least || value > most)
        {
            mistakes.Add($"{MeridianOptions.Section}:{path} = {value}: must be {least} to {most}.");
        }
    }

    internal static void Range(ICollection<string> mistakes, string path, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
        {
            mistakes.Add(FormattableString.Invariant($"{MeridianOptions.Section}:{path} = {value}: must be {least} to {most}."));
        }
    }

    internal static void Port(ICollection<string> mistakes, string path, int? port)
    {
        if (port is { } value)
        {
            Range(mistakes, path, value, 1, 65535);
        }
    }

    internal static bool CheckAddress(Uri? address, string path, ICollection<string> mistakes)
    {
        if (address is null)
        {
            return true;
        }

        if (!address.IsAbsoluteUri || address.Scheme != Uri.UriSchemeHttp || address.PathAndQuery != "/" || address.Port is < 1 or > 65535)
        {
            mistakes.Add($"{MeridianOptions.Section}:{path} = '{address.OriginalString}': must be an http address of a host and a port, for example http://127.0.0.1:8081.");
            return false;
        }

        return true;
    }

    internal static void CheckHostPort(string? text, string path, ICollection<string> mistakes)
    {
        if (!string.IsNullOrWhiteSpace(text) && !ConsensusAddress.TryParse(text, out _))
        {
            mistakes.Add($"{MeridianOptions.Section}:{path} = '{text}': must be host:port, for example 10.0.0.1:8194.");
        }
    }

    internal static void CheckListen(RegionProcessOptions process, Uri? address, string path, ICollection<string> mistakes, bool seen = false)
    {
        if (address is null || (!seen && !CheckAddress(address, path, mistakes)) || !address.IsAbsoluteUri)
        {
            return;
        }

        if (IsLoopback(address))
        {
            return;
        }

        if (!process.AllowPlainNetwork)
        {
            mistakes.Add(
                $"{MeridianOptions.Section}:{path} = '{address.OriginalString}': only loopback addresses (127.0.0.1, [::1], localhost) can be listened on, "
                + "because callers are not asked for keys; put a proxy that authenticates in front.");
        }
        else if (!IPAddress.TryParse(address.Host.Trim('[', ']'), out _))
        {
            mistakes.Add($"{MeridianOptions.Section}:{path} = '{address.OriginalString}': must have an IP address of this machine or localhost as its host, for example http://10.0.0.4:8081.");
        }
    }

    /// <summary>Whether only this machine can reach an address.</summary>
    public static bool IsLoopback(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.Host == "localhost" || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
    }

    internal static void CheckDevice(string device, string path, ICollection<string> mistakes)
    {
        if (!Device().IsMatch(device))
        {
            mistakes.Add($"{MeridianOptions.Section}:{path} = '{device}': must be cpu:0 or cuda:N.");
        }
    }

    internal static void CheckPolicy(string policy, string path, ICollection<string> mistakes)
    {
        if (!RoutingPolicies.ByName.ContainsKey(policy))
        {
            mistakes.Add($"{MeridianOptions.Section}:{path} = '{policy}': must be one of {RoutingPolicyNames.Quoted}.");
        }
    }

    internal static void CheckEntries(ICollection<string> mistakes, string path, List<string> entries, Predicate<string> isSound, string rule)
    {
        for (var i = 0; i < entries.Count; i++)
        {
            if (!isSound(entries[i]))
            {
                mistakes.Add($"{MeridianOptions.Section}:{path}:{i} = '{entries[i]}': {rule}");
            }
        }
    }

    [GeneratedRegex("^[A-Za-z]{2}$")]
    internal static partial Regex Country();

    [GeneratedRegex("^[a-z][a-z0-9-]{0,39}$")]
    internal static partial Regex RegionName();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")]
    internal static partial Regex ModelName();

    [GeneratedRegex("^[A-Za-z0-9._-]{1,128}$")]
    internal static partial Regex TenantName();

    [GeneratedRegex("^(cpu:0|cuda:[0-9]{1,2})$")]
    internal static partial Regex Device();
}
