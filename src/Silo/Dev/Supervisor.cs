using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Meridian.Silo.Configuration;
using Meridian.Silo.Hosting;
using Meridian.Silo.Processes;

namespace Meridian.Silo.Dev;

/// <summary>
/// Runs a whole installation on one machine: a process for each region and one for the front door, each with the production command.
/// </summary>
/// <remarks>
/// Start: the data directory is locked, all ports are checked, the first region and the front door start, a second later the rest; the report follows when all are ready.
/// A child dies: it is started again (<see cref="RestartPolicy"/>). A child finds its settings wrong (exit code 2): everything stops, since the others run on the same ones.
/// Stop (Ctrl-C, SIGTERM, SIGHUP): no more restarts, the front door stops, then the regions together; a second signal kills what is left.
/// The supervisor is killed: its ends of the children's input pipes close, and they stop by themselves.
/// </remarks>
public sealed class Supervisor(MeridianOptions options, SupervisorArguments arguments, DevConsole console, TimeProvider time)
{
    // A child that does not stop within its own bound is broken; it gets a little more than that and is then killed.
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    // A child that has never been ready has nothing to finish, and nothing acknowledged that is not on disk.
    private static readonly TimeSpan StartGrace = TimeSpan.FromSeconds(3.5);

    // On a small machine four starting processes share the cores. The first region and the front door go ahead, so that something answers soon; the sum is the same.
    private static readonly TimeSpan HeadStart = TimeSpan.FromSeconds(1);

    /// <summary>The setting <c>Meridian:Gateway:ResumeKey</c> as an environment variable.</summary>
    public const string ResumeKeyVariable = "MERIDIAN__GATEWAY__RESUMEKEY";

    private readonly Lock _stateGate = new();

    /// <summary>Runs until a signal says stop.</summary>
    /// <returns>Exit code of the process.</returns>
    /// <exception cref="StartRefusedException">The data directory is taken or a port is in use.</exception>
    public async Task<int> RunAsync()
    {
        var startedAt = time.GetTimestamp();
        var data = Path.GetFullPath(options.Data);
        using var directoryLock = DirectoryLock.Take(data, DevStateFile.LockName, "A dev supervisor");
        var regions = RegionPlan.All(options);
        var frontDoor = FrontDoorPlan.Of(options);
        PortCheck.EnsureFree([.. FrontDoorPlan.Ports(options), .. regions.SelectMany(region => PortCheck.PortsOf(region, RegionRoles.All, options.Intent.Kind))]);

        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(2) };
        var children = Plan(regions, frontDoor, http);
        var stateFile = new DevStateFile(data);
        var result = await SuperviseAsync(children, regions, frontDoor, stateFile, startedAt);
        stateFile.Delete();
        return result;
    }

    private async Task<int> SuperviseAsync(IReadOnlyList<Child> children, IReadOnlyList<RegionPlan> regions, Uri frontDoor, DevStateFile stateFile, long startedAt)
    {
        using var stopping = new CancellationTokenSource();
        using var killing = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
        using var kill = killing.Token.Register(() =>
        {
            foreach (var child in children)
            {
                child.Kill();
            }
        });

        console.Line($"Starting {string.Join(", ", children.Select(child => child.Plan.Name))} ...");
        var headStart = Task.Delay(HeadStart, time, stopping.Token);
        var running = children
            .Select((child, index) => RunAsync(child, index == 0 || child.Plan.IsFrontDoor ? Task.CompletedTask : headStart, () => WriteState(children, stateFile), stopping.Token))
            .ToArray();
        var report = ReportAsync(children, regions, frontDoor, startedAt, stopping.Token);
        var mistaken = await WaitForStopAsync(running, stopping);
        await StopAsync(children, running, killing);
        await report;
        return mistaken ? ExitCode.Mistake : ExitCode.Ok;

        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            if (!stopping.IsCancellationRequested)
            {
                console.Line("Stopping; once more to kill.");
                stopping.Cancel();
            }
            else
            {
                killing.Cancel();
            }
        }
    }

    private static async Task<int> RunAsync(Child child, Task gate, Action changed, CancellationToken stopping)
    {
        try
        {
            await gate;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Ok;
        }

        return await child.RunAsync(changed, stopping);
    }

    /// <returns>True where a child said that its settings are wrong.</returns>
    private static async Task<bool> WaitForStopAsync(Task<int>[] running, CancellationTokenSource stopping)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = stopping.Token.Register(() => asked.TrySetResult());
        await Task.WhenAny([asked.Task, .. running]);

        // Only a mistake ends a child's loop without a stop; a fault in the loop surfaces at StopAsync.
        var mistaken = !stopping.IsCancellationRequested;
        await stopping.CancelAsync();
        return mistaken;
    }

    private async Task StopAsync(IReadOnlyList<Child> children, Task<int>[] running, CancellationTokenSource killing)
    {
        using var deadline = new CancellationTokenSource((2 * TimeSpan.FromSeconds(options.ShutdownSeconds)) + StopGrace, time);
        using var overdue = deadline.Token.Register(() =>
        {
            console.Line("Not everything stopped in time; killing the rest.");
            killing.Cancel();
        });

        using var abandoned = new CancellationTokenSource(StartGrace, time);
        using var late = abandoned.Token.Register(() =>
        {
            foreach (var child in children.Where(static child => !child.FirstReady.IsCompleted))
            {
                child.Kill();
            }
        });

        // The front door first: it stops taking callers while the regions can still finish what it sent them. While they start there is nothing to finish.
        var started = children.All(static child => child.FirstReady.IsCompletedSuccessfully);
        foreach (var isFrontDoor in new[] { true, false })
        {
            var part = new List<Task>();
            for (var i = 0; i < children.Count; i++)
            {
                if (!started || children[i].Plan.IsFrontDoor == isFrontDoor)
                {
                    children[i].Stop();
                    part.Add(running[i]);
                }
            }

            await Task.WhenAll(part);
        }

        console.Line("Stopped.");
    }

    private async Task ReportAsync(IReadOnlyList<Child> children, IReadOnlyList<RegionPlan> regions, Uri frontDoor, long startedAt, CancellationToken stopping)
    {
        try
        {
            await Task.WhenAll(children.Select(child => child.FirstReady)).WaitAsync(stopping);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        var pids = children.ToDictionary(child => child.Plan.Name, child => child.Pid, StringComparer.Ordinal);
        console.Line(StartupReport.Write(
            [.. regions.Select(region => (region, pids[region.Name]))],
            frontDoor,
            pids[options.FrontDoor.Name],
            Path.GetFullPath(options.Data),
            options.Models,
            time.GetElapsedTime(startedAt)));
    }

    private List<Child> Plan(IReadOnlyList<RegionPlan> regions, Uri frontDoor, HttpClient http)
    {
        var environment = Secrets(options);
        List<ChildPlan> plans =
        [
            .. regions.Select(region => new ChildPlan(region.Name, ["region", "--name", region.Name, .. arguments.Shared], region.Facade, IsFrontDoor: false, environment)),
            new ChildPlan(options.FrontDoor.Name, ["front-door", .. arguments.Shared], frontDoor, IsFrontDoor: true, environment),
        ];
        var width = plans.Max(plan => plan.Name.Length);
        return [.. plans.Select((plan, index) => new Child(plan, console, new OutputPrefixer(plan.Name, width, console.Colour ? index : null), http, time))];
    }

    /// <summary>What the edges share and nobody has set, as environment variables. It lasts as long as the supervisor: an edge that it starts again reads the ids of the one before.</summary>
    public static Dictionary<string, string> Secrets(MeridianOptions options) => options.Gateway.ResumeKey is null
        ? new() { [ResumeKeyVariable] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) }
        : [];

    private void WriteState(IReadOnlyList<Child> children, DevStateFile file)
    {
        // One writer at a time, and each writes what holds when it writes: the last one to finish has the newest state.
        lock (_stateGate)
        {
            var frontDoor = children.Single(child => child.Plan.IsFrontDoor);
            file.Write(new DevState(
                Environment.ProcessId,
                new DevFrontDoor(frontDoor.Pid, frontDoor.Plan.Url.GetLeftPart(UriPartial.Authority)),
                [.. children.Where(child => !child.Plan.IsFrontDoor).Select(child => new DevRegion(child.Plan.Name, child.Pid, child.Plan.Url.GetLeftPart(UriPartial.Authority)))]));
        }
    }
}
