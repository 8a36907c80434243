using Meridian.Intents.Options;

namespace Meridian.Federation.Tests.Configuration;

public sealed class IntentLogOptionsValidatorTests
{
    [Fact]
    public void One_voter_and_a_directory_are_enough() => Assert.Empty(Mistakes(Options()));

    [Fact]
    public void A_newcomer_gives_its_own_addresses()
    {
        var options = Options();
        options.Self = "us";
        Assert.Contains(Mistakes(options), m => m.Contains("Self is 'us'", StringComparison.Ordinal));
        options.Newcomer = new IntentVoterOptions { Consensus = "10.0.0.2:8191", Protocol = "http://10.0.0.2:8190" };
        Assert.Empty(Mistakes(options));
    }

    [Fact]
    public void Every_mistake_is_reported_at_once_with_option_and_value()
    {
        var options = Options();
        options.Self = "eu";
        options.Directory = " ";
        options.Voters[0].Witness = true;
        options.Voters.Add(new IntentVoterOptions { Name = "eu", Consensus = "10.0.0.1:8191", Protocol = "ftp://x", Witness = true });
        options.Voters.Add(new IntentVoterOptions { Consensus = "10.0.0.1", Protocol = "http://10.0.0.3:1", Witness = true });
        options.Newcomer = new IntentVoterOptions();
        options.Listen = "8191";
        options.LowerElectionTimeoutMs = 10;
        options.UpperElectionTimeoutMs = 10;
        options.SnapshotEvery = 1;

        var mistakes = Mistakes(options);

        foreach (var expected in new[]
        {
            "Directory is empty", "Voters[1].Name is 'eu', which another", "Voters[1].Consensus is '10.0.0.1:8191', which another", "Voters[1].Protocol is 'ftp://x'", "Voters[2].Name is empty",
            "Voters[2].Consensus is '10.0.0.1'", "Voters are all witnesses", "Newcomer is given", "Listen is '8191'", "LowerElectionTimeoutMs is 10", "UpperElectionTimeoutMs is 10", "SnapshotEvery is 1",
        })
            Assert.Contains(mistakes, m => m.Contains(expected, StringComparison.Ordinal));
        Assert.Equal(12, mistakes.Length);
    }

    [Fact]
    public void Etcd_needs_endpoints_and_a_prefix()
    {
        var mistakes = Mistakes(new IntentLogOptions { Kind = IntentLogKind.Etcd, Self = "eu", EtcdPrefix = "", EtcdEndpoints = ["nowhere"] });

        Assert.Equal(2, mistakes.Length);
        Assert.Contains(mistakes, m => m.Contains("EtcdEndpoints[0] is 'nowhere'", StringComparison.Ordinal));
    }

    private static IntentLogOptions Options() => new()
    {
        Self = "eu",
        Directory = "/var/lib/meridian/intent",
        Voters = [new IntentVoterOptions { Name = "eu", Consensus = "10.0.0.1:8191", Protocol = "http://10.0.0.1:8190" }],
    };

    private static string[] Mistakes(IntentLogOptions options) => [.. new IntentLogOptionsValidator().Validate(null, options).Failures ?? []];
}
