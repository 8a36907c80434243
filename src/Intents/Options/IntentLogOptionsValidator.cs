using Microsoft.Extensions.Options;

namespace Meridian.Intents.Options;

/// <summary>Reports all mistakes in <see cref="IntentLogOptions"/> at once, each with option, value and rule.</summary>
public sealed class IntentLogOptionsValidator : IValidateOptions<IntentLogOptions>
{
    public ValidateOptionsResult Validate(string? name, IntentLogOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var mistakes = new List<string>();
        if (string.IsNullOrWhiteSpace(options.Self))
            mistakes.Add("Self is empty; give this member's name.");
        switch (options.Kind)
        {
            case IntentLogKind.Raft:
                CheckRaft(options, mistakes);
                break;
            case IntentLogKind.Etcd:
                CheckEtcd(options, mistakes);
                break;
            default:
                mistakes.Add($"Kind is {options.Kind}; it must be Raft or Etcd.");
                break;
        }

        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes.ConvertAll(m => $"IntentLog: {m}"));
    }

    private static void CheckRaft(IntentLogOptions options, List<string> mistakes)
    {
        if (string.IsNullOrWhiteSpace(options.Directory))
            mistakes.Add("Directory is empty; say where log and snapshots are kept.");
        if (options.Voters.Count == 0)
            mistakes.Add("Voters is empty; name the voters of the first quorum, the same for every one of them.");
        var names = new HashSet<string>(StringComparer.Ordinal);
        var addresses = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < options.Voters.Count; i++)
            CheckVoter($"Voters[{i}]", options.Voters[i], options.Voters[i].Name, names, addresses, mistakes);
        if (options.Voters.Count > 0 && options.Voters.TrueForAll(voter => voter.Witness))
            mistakes.Add("Voters are all witnesses; at least one must be able to lead.");
        if (options.Newcomer is { } newcomer)
        {
            if (names.Contains(options.Self))
                mistakes.Add($"Newcomer is given, but Self '{options.Self}' is one of Voters; leave Newcomer away.");
            else
                CheckVoter("Newcomer", newcomer, options.Self, names, addresses, mistakes);
        }
        else if (!string.IsNullOrWhiteSpace(options.Self) && !names.Contains(options.Self))
        {
            mistakes.Add($"Self is '{options.Self}', which is not one of Voters; give its addresses as Newcomer.");
        }

        if (options.Listen is not null && !ConsensusAddress.TryParse(options.Listen, out _))
            mistakes.Add($"Listen is '{options.Listen}'; it must be host:port, for example '0.0.0.0:8191', or absent.");
        if (options.LowerElectionTimeoutMs is < 100 or > 60_000)
            mistakes.Add($"LowerElectionTimeoutMs is {options.LowerElectionTimeoutMs}; it must be 100 to 60000.");
        if (options.UpperElectionTimeoutMs <= options.LowerElectionTimeoutMs || options.UpperElectionTimeoutMs > 120_000)
            mistakes.Add($"UpperElectionTimeoutMs is {options.UpperElectionTimeoutMs}; it must be above LowerElectionTimeoutMs ({options.LowerElectionTimeoutMs}) and at most 120000.");
        if (options.SnapshotEvery is < 16 or > 1_000_000)
            mistakes.Add($"SnapshotEvery is {options.SnapshotEvery}; it must be 16 to 1000000.");
    }

    private static void CheckVoter(string option, IntentVoterOptions voter, string name, HashSet<string> names, HashSet<string> addresses, List<string> mistakes)
    {
        if (string.IsNullOrWhiteSpace(name))
            mistakes.Add($"{option}.Name is empty; every voter needs a name.");
        else if (!names.Add(name))
            mistakes.Add($"{option}.Name is '{name}', which another voter has too; names must be unique.");
        if (!ConsensusAddress.TryParse(voter.Consensus, out _))
            mistakes.Add($"{option}.Consensus is '{voter.Consensus}'; it must be host:port as all others reach it, for example '10.1.0.4:8191'.");
        else if (!addresses.Add(voter.Consensus))
            mistakes.Add($"{option}.Consensus is '{voter.Consensus}', which another voter has too; addresses must be unique.");
        if (!Uri.TryCreate(voter.Protocol, UriKind.Absolute, out var protocol) || (protocol.Scheme != Uri.UriSchemeHttp && protocol.Scheme != Uri.UriSchemeHttps))
            mistakes.Add($"{option}.Protocol is '{voter.Protocol}'; it must be an absolute http or https address, for example 'http://10.1.0.4:8190'.");
    }

    private static void CheckEtcd(IntentLogOptions options, List<string> mistakes)
    {
        if (options.EtcdEndpoints.Count == 0)
            mistakes.Add("EtcdEndpoints is empty; give at least one, for example 'http://127.0.0.1:2379'.");
        for (var i = 0; i < options.EtcdEndpoints.Count; i++)
        {
            if (!Uri.TryCreate(options.EtcdEndpoints[i], UriKind.Absolute, out var endpoint) || (endpoint.Scheme != Uri.UriSchemeHttp && endpoint.Scheme != Uri.UriSchemeHttps))
                mistakes.Add($"EtcdEndpoints[{i}] is '{options.EtcdEndpoints[i]}'; it must be an absolute http or https address.");
        }

        if (string.IsNullOrEmpty(options.EtcdPrefix))
            mistakes.Add("EtcdPrefix is empty; say what this installation's keys begin with, for example '/meridian/intent/'.");
    }
}
