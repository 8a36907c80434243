using Grpc.Core;
using Meridian.Federation.Configuration;
using Meridian.Federation.Regions;
using Meridian.Intents;
using Meridian.Intents.Supervision;
using Meridian.Intents.Wire;
using Meridian.Routing.Snapshots;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Meridian.Federation.IntentSources;

/// <summary>
/// The intent of a process that does not keep the intent log: first its own configuration, then the newest intent that other processes send. A front door
/// watches every address from its configuration and every region that it has learned of. A process of a region watches the region's process that keeps the
/// log. Each watch has its own connection and is retried for ever. Every received intent is merged with <see cref="IntentMerge"/>, so order and repetition do
/// not matter.
/// </summary>
internal sealed partial class WatchedIntent(ConfiguredIntent configured, IOptions<FederationOptions> options, LoopSupervisor supervisor, TimeProvider time, ILogger<WatchedIntent> logger)
    : IIntentSource, IHostedService, IDisposable
{
    private readonly FederationOptions _options = options.Value;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<Uri, CancellationTokenSource> _watches = [];
    private readonly Latest<Intent> _latest = new(configured.Current);

    public Intent Current => _latest.Current;

    public Task<Intent> WaitForChangeAsync(long knownEpoch, CancellationToken cancellationToken) => _latest.WaitAsync(intent => intent.Epoch > knownEpoch, cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
            WatchAll();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => _stop.CancelAsync();

    public void Dispose() => _stop.Cancel();

    /// <summary>Merges an intent that another process has sent. Returns whether the current intent changed.</summary>
    internal bool Offer(Intent offered, Uri from)
    {
        if (IntentMerge.Fault(offered) is { } fault)
        {
            LogFaulty(from, offered.Epoch, fault);
            return false;
        }

        lock (_lock)
        {
            var merged = IntentMerge.Merge(Current, offered);
            if (ReferenceEquals(merged, Current))
                return false;
            _latest.Publish(merged);
            WatchAll();
        }

        LogLearned(offered.Epoch, from, offered.Regions.Length, offered.Models.Length);
        return true;
    }

    private void WatchAll()
    {
        if (_stop.IsCancellationRequested)
            return;
        var wanted = new HashSet<Uri>();
        if (_options.Control is { } control)
        {
            wanted.Add(control);
        }
        else
        {
            foreach (var region in configured.Current.Regions)
                wanted.Add(region.Protocol);
            foreach (var region in Current.Regions)
                wanted.Add(region.Protocol);
        }

        foreach (var (address, watch) in _watches)
        {
            if (wanted.Contains(address))
                continue;
            _ = watch.CancelAsync();
            _watches.Remove(address);
        }

        foreach (var address in wanted)
        {
            if (_watches.ContainsKey(address))
                continue;
            var watch = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            _watches.Add(address, watch);
            _ = Task.Run(() => SuperviseAsync(address, watch));
        }
    }

    private async Task SuperviseAsync(Uri address, CancellationTokenSource watch)
    {
        using (watch)
            await supervisor.RunAsync($"intent from {address}", token => WatchAsync(address, token), watch.Token).ConfigureAwait(false);
    }

    private async Task WatchAsync(Uri address, CancellationToken token)
    {
        var failures = 0;
        while (!token.IsCancellationRequested)
        {
            try
            {
                using var channel = new WireChannel(address, _options.Wire);
                using var call = channel.Invoker.AsyncServerStreamingCall(
                    _options.Control is null ? RegionProtocol.Watch : RegionProtocol.WatchControl, null, new CallOptions(cancellationToken: token), new WatchRequest { Observer = _options.Edge, KnownEpoch = -1 });
                while (await call.ResponseStream.MoveNext(token).ConfigureAwait(false))
                {
                    failures = 0;
                    Offer(call.ResponseStream.Current, address);
                }
            }
            catch (Exception exception) when (exception is RpcException or IOException or HttpRequestException or OperationCanceledException)
            {
                if (!token.IsCancellationRequested)
                    LogUnwatched(address, exception.Message);
            }

            await Task.Delay(_options.Heartbeat.Pauses.After(++failures), time, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
