using Meridian.Intents;

namespace Meridian.Silo.Configuration.Rules;

/// <summary>The rules of <c>Intent</c>, and of the addresses of its voters.</summary>
internal static class IntentSettingRules
{
    internal static void CheckIntent(MeridianOptions options, ICollection<string> mistakes)
    {
        var intent = options.Intent;
        SettingRules.Range(mistakes, "Intent:LowerElectionTimeoutMs", intent.LowerElectionTimeoutMs, 150, 60_000);
        SettingRules.Range(mistakes, "Intent:UpperElectionTimeoutMs", intent.UpperElectionTimeoutMs, Math.Clamp(intent.LowerElectionTimeoutMs, 150, 60_000) + 1, 120_000);
        SettingRules.Range(mistakes, "Intent:SnapshotEvery", intent.SnapshotEvery, 16, 1_000_000);
        var names = options.Regions.Select(region => region.Name).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < intent.Witnesses.Count; i++)
        {
            var witness = intent.Witnesses[i];
            var path = $"Intent:Witnesses:{i}";
            if (!SettingRules.RegionName().IsMatch(witness.Name) || !names.Add(witness.Name))
            {
                mistakes.Add($"{MeridianOptions.Section}:{path}:Name = '{witness.Name}': must be 1 to 40 lower-case letters, digits or '-', and no region or witness may have it already.");
            }

            if (string.IsNullOrWhiteSpace(witness.Consensus))
            {
                mistakes.Add($"{MeridianOptions.Section}:{path}:Consensus = '': must say where the witness speaks consensus, for example 10.0.0.3:8194.");
            }

            SettingRules.CheckHostPort(witness.Consensus, $"{path}:Consensus", mistakes);
            if (witness.Control is null)
            {
                mistakes.Add($"{MeridianOptions.Section}:{path}:Control = '': must be an http address of a host and a port, for example http://10.0.0.3:8195.");
            }

            SettingRules.CheckAddress(witness.Control, $"{path}:Control", mistakes);
        }

        CheckWitness(options, mistakes);
        var endpoints = (intent.EtcdEndpoints ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (intent.Kind == IntentKind.Etcd && endpoints.Length == 0)
        {
            mistakes.Add($"{MeridianOptions.Section}:Intent:EtcdEndpoints = '': Intent:Kind is Etcd, which needs at least one, for example http://10.0.0.1:2379.");
        }

        foreach (var endpoint in endpoints)
        {
            if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            {
                mistakes.Add($"{MeridianOptions.Section}:Intent:EtcdEndpoints has '{endpoint}': must be an http or https address, for example http://10.0.0.1:2379.");
            }
        }
    }

    /// <summary>Checks the witness that this process is. The process binds the witness's own addresses.</summary>
    internal static void CheckWitness(MeridianOptions options, ICollection<string> mistakes)
    {
        var intent = options.Intent;
        if (string.IsNullOrEmpty(intent.Witness))
        {
            return;
        }

        var own = intent.Witnesses.FindIndex(witness => witness.Name == intent.Witness);
        if (own < 0)
        {
            mistakes.Add($"{MeridianOptions.Section}:Intent:Witness = '{intent.Witness}': not one of the configured witnesses ({string.Join(", ", intent.Witnesses.Select(witness => witness.Name))}).");
            return;
        }

        if (intent.Kind != IntentKind.Raft)
        {
            mistakes.Add($"{MeridianOptions.Section}:Intent:Kind = '{intent.Kind}': only a log of kind Raft has witnesses.");
        }

        CheckVoterListens(options, intent.Witnesses[own].Control, intent.Witnesses[own].Consensus, $"Intent:Witnesses:{own}", mistakes);
    }

    /// <summary>Checks the addresses that a voter's process binds: the voter's own ones, or the addresses that the process sets instead.</summary>
    internal static void CheckVoterListens(MeridianOptions options, Uri? control, string? consensus, string path, ICollection<string> mistakes)
    {
        var process = options.Process;
        if (process.ControlUrl is null)
        {
            SettingRules.CheckListen(process, control, $"{path}:Control", mistakes, seen: true);
        }

        var (listen, listenPath) = process.ConsensusListen is null ? (consensus, $"{path}:Consensus") : (process.ConsensusListen, "Process:ConsensusListen");
        if (options.Intent.Kind == IntentKind.Raft && !string.IsNullOrWhiteSpace(listen) && ConsensusAddress.TryParse(listen, out _))
        {
            SettingRules.CheckListen(process, new Uri($"http://{listen}"), listenPath, mistakes, seen: true);
        }
    }

    /// <summary>
    /// Checks that voters of regions on other machines have addresses. Problem: the port plan places every voter on this machine. A voter of a remote region
    /// would never be found here, and the intent log cannot be created without all voters.
    /// </summary>
    internal static void CheckVoters(MeridianOptions options, int own, ICollection<string> mistakes)
    {
        if (options.Intent.Kind != IntentKind.Raft || options.Regions.Count + options.Intent.Witnesses.Count < 2)
        {
            return;
        }

        var keeps = options.Process.Roles.HasFlag(RegionRoles.Control);
        for (var i = 0; i < options.Regions.Count; i++)
        {
            var region = options.Regions[i];
            if ((!keeps && i != own) || region.Protocol is not { IsAbsoluteUri: true } protocol || SettingRules.IsLoopback(protocol))
            {
                continue;
            }

            var planned = PortPlan.Region(options.PortsFrom, i + 1);
            if (keeps && string.IsNullOrWhiteSpace(region.Consensus))
            {
                mistakes.Add(
                    $"{MeridianOptions.Section}:Regions:{i}:Consensus = '': the region is not on this machine (Protocol = {protocol.OriginalString}), so its voter of the intent log is not at 127.0.0.1:{planned.Consensus}. "
                    + $"Say where it speaks consensus, for example {protocol.Host}:{planned.Consensus}, or keep no log anywhere with Intent:Kind = None.");
            }

            if (region.Control is null)
            {
                mistakes.Add(
                    $"{MeridianOptions.Section}:Regions:{i}:Control = '': the region is not on this machine (Protocol = {protocol.OriginalString}), so its process with role control is not at 127.0.0.1:{planned.Control}. "
                    + $"Say where it is, for example http://{protocol.Host}:{planned.Control}, or keep no log anywhere with Intent:Kind = None.");
            }
        }
    }
}
