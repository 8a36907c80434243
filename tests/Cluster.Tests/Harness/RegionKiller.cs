using Meridian.Load;

namespace Meridian.Cluster.Tests.Harness;

/// <summary>Kills regions of a running installation under load, each at a random moment, the next when the last victim takes traffic again.</summary>
/// <param name="installation">The installation.</param>
/// <param name="load">Tells when a victim serves again.</param>
/// <param name="random">Draws moments and victims.</param>
/// <param name="aim">Names the next victim; null, or where it answers null, for any.</param>
public sealed class RegionKiller(DevInstallation installation, OpenLoop load, Random random, Func<string?>? aim = null)
{
    private readonly List<TimeSpan> _kills = [];

    /// <value>Moments of the kills on the load's clock.</value>
    public IReadOnlyCollection<TimeSpan> Kills => _kills;

    /// <param name="kills">Number of kills.</param>
    /// <param name="recovery">How long a victim may take until it serves again.</param>
    /// <param name="report">Told of every kill.</param>
    /// <exception cref="TimeoutException">A victim never served again.</exception>
    public async Task RunAsync(int kills, TimeSpan recovery, Action<string> report)
    {
        for (var i = 0; i < kills; i++)
        {
            var any = installation.Regions[random.Next(installation.Regions.Length)];
            await Task.Delay(random.Next(100, 900));
            var victim = aim?.Invoke() ?? any;
            var pid = installation.ProcessOf(victim);
            var killed = load.Elapsed;
            Signals.Send(pid, Signals.Kill);
            var dead = load.Elapsed;
            _kills.Add(killed);

            // Requests that were due before the signal was out may still be answered by the victim's last breath: only later ones prove its return.
            LoadSample back;
            try
            {
                back = await load.NextAsync(
                    sample => sample.Region == victim && sample.Due > dead && installation.ProcessOf(victim) != pid, $"{victim} serving again after kill {i + 1} (pid {pid})", recovery);
            }
            catch (TimeoutException e)
            {
                throw new TimeoutException($"{e.Message} Kills so far at {string.Join(", ", _kills)}. {await SeenAsync()} {installation.Supervisor.Tail(60)}", e);
            }

            report($"kill {i + 1,2}: {victim,-14} pid {pid} at {killed.TotalSeconds,6:0.00} s, serves again after {(back.Done - killed).TotalMilliseconds,6:0} ms");
        }
    }

    private async Task<string> SeenAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            var regions = await installation.FrontDoor.RegionsAsync(patience.Token);
            return $"The front door sees {string.Join("; ", regions.Select(r => $"{r.Name} {r.Status} {r.RoundTripMs} ms {string.Join(", ", r.Models.AsEnumerable())}"))}.";
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return $"The front door does not say what it sees: {e.Message}";
        }
    }
}
