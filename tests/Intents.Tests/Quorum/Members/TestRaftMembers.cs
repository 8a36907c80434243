using System.Diagnostics;
using System.Globalization;
using System.Net;
using Meridian.Intents.Raft;
using Meridian.Intents.State;
using Microsoft.Extensions.Logging.Abstractions;

namespace Meridian.Intents.Tests.Quorum.Members;

/// <summary>Log and consensus alone, without what <see cref="RaftIntentLog"/> does around them: each member opened as the test wants it.</summary>
internal sealed class TestRaftMembers : IAsyncDisposable
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("raft-members-").FullName;
    private readonly List<IAsyncDisposable> _members = [];

    /// <param name="name">Of the member, and of its directory.</param>
    /// <param name="port">As the others know it.</param>
    /// <param name="voters">Ports of all voters.</param>
    /// <param name="listen">Where it listens, if not there.</param>
    /// <param name="witness">Whether it never leads.</param>
    /// <param name="generation">A member of a later generation answers those of an earlier one, and takes nothing from them.</param>
    public async Task<RaftMember> OpenAsync(string name, int port, int[] voters, int? listen = null, bool witness = false, int generation = 1, int lowerElectionTimeoutMs = 300)
    {
        var directory = MemberDirectory.Open(Path.Combine(_folder, name));
        var identity = new MemberIdentity { Name = name, Consensus = Address(port), Phase = MemberPhase.Voter, Generation = new IntentGeneration { Number = generation, Id = Guid.NewGuid() } };
        ConsensusMembers.Write(directory.Members, 0, Array.ConvertAll(voters, Address));
        var settings = new RaftSettings
        {
            Self = new IntentVoter { Name = name, Consensus = identity.Consensus, Protocol = new Uri("http://127.0.0.1:1"), Witness = witness },
            Listen = new IPEndPoint(IPAddress.Loopback, listen ?? port),
            LowerElectionTimeoutMs = lowerElectionTimeoutMs,
            UpperElectionTimeoutMs = 2 * lowerElectionTimeoutMs,
            SnapshotEvery = 64,
            LoggerFactory = NullLoggerFactory.Instance,
        };
        var member = await RaftMember.OpenAsync(directory, identity, settings, offline: false, static _ => { }, static _ => { }, CancellationToken.None);
        _members.Add(member);
        return member;
    }

    /// <summary>Looks until it holds: what another thread or process does can only be looked at again and again.</summary>
    public static async Task HoldsAsync(Func<bool> holds, string what)
    {
        for (var watch = Stopwatch.StartNew(); !holds(); await Task.Delay(10))
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"Waited 60 s for {what}.");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members)
            await member.DisposeAsync();
        System.IO.Directory.Delete(_folder, recursive: true);
    }

    private static string Address(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
}
