using System.Net;
using Meridian.Intents.Hosting;
using Meridian.Intents.Options;
using Meridian.Intents.Peers;
using Meridian.Intents.Raft;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Meridian.Intents.Tests.Quorum.Members;

/// <summary>A member of the log in miniature: Kestrel on loopback with the Intent service, and the log behind it. Stopped and started again it keeps its directory and its ports.</summary>
internal sealed class TestMember(IntentVoterOptions self, List<IntentVoterOptions> voters, string directory, Action<IntentLogOptions>? configure = null, TimeProvider? time = null, ChangeRule? rule = null, ILoggerProvider? logs = null) : IAsyncDisposable
{
    // Most tests of the log write bytes that are no records.
    private static readonly ChangeRule AnyRecord = static (_, _) => null;

    private WebApplication? _app;

    public string Name => self.Name;

    public string Directory => directory;

    public IntentVoterOptions Self => self;

    public List<IntentVoterOptions> Voters { get; } = [.. voters];

    public bool Runs => _app is not null;

    public IIntentLog Log => _app!.Services.GetRequiredService<IIntentLog>();

    public IIntentPeer Peer => (IIntentPeer)Log;

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (logs is not null)
            builder.Logging.AddProvider(logs);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, new Uri(self.Protocol).Port, listen => listen.Protocols = HttpProtocols.Http2));
        if (time is not null)
            builder.Services.AddSingleton(time);
        builder.Services.AddSingleton(rule ?? AnyRecord);
        builder.Services.AddIntentLog(Configure);
        var app = builder.Build();
        app.MapMeridianIntentLog();
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        _app = app;
    }

    public async Task StopAsync()
    {
        if (_app is null)
            return;
        await _app.DisposeAsync();
        _app = null;
    }

    public void LoseDisk() => System.IO.Directory.Delete(directory, recursive: true);

    public Task<RecoveryReport> RecoverAsync() => RaftRecovery.ForceSingleAsync(
        directory, new IntentVoter { Name = self.Name, Consensus = self.Consensus, Protocol = new Uri(self.Protocol) }, CancellationToken.None);

    public async ValueTask DisposeAsync() => await StopAsync();

    private void Configure(IntentLogOptions options)
    {
        options.Self = self.Name;
        options.Directory = directory;
        options.Voters = Voters;
        options.LowerElectionTimeoutMs = 300;
        options.UpperElectionTimeoutMs = 600;
        options.SnapshotEvery = 64;
        if (!Voters.Contains(self))
            options.Newcomer = self;
        configure?.Invoke(options);
    }
}
