using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Meridian.Silo.Configuration;
using Meridian.Silo.Hosting;
using Meridian.Silo.Processes;

namespace Meridian.Silo.Dev;

/// <summary>
/// Runs a whole installation on one machine: one process for each region and one for the front door, each started with its production command.
/// </summary>
/// <remarks>
/// Start: the data directory is locked and all ports are checked. Then the first region and the front door start, and one second later the rest. The report is
/// printed when all are ready.
/// Failure of a child: it is restarted (<see cref="RestartPolicy"/>). If a child reports wrong settings (exit code 2), everything stops, because the others use
/// the same settings.
/// Stop (Ctrl-C, SIGTERM, SIGHUP): no more restarts. The front door stops first, then all regions together. A second signal kills the remaining processes.
/// Death of the supervisor: its ends of the children's input pipes close, and the children stop by themselves.
/// </remarks>
public sealed class Supervisor(MeridianOptions options, SupervisorArguments arguments, DevConsole console, TimeProvider time)
{
    // A child that does not stop within its own shutdown timeout is broken. It gets this much more time and is then killed.
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    // A child that has never been ready has no requests to finish, and everything that it acknowledged is on disk.
    private static readonly TimeSpan StartGrace = TimeSpan.FromSeconds(3.5);

    // On a small machine, four starting processes share the cores. The first region and the front door start earlier, so something answers soon; the total time
    // is the same.
    private static readonly TimeSpan HeadStart = TimeSpan.FromSeconds(1);

    /// <summary>The setting <c>Meridian:Gateway:ResumeKey</c> as an environment variable.</summary>
    public const string ResumeKeyVariable = "MERIDIAN__GATEWAY__RESUMEKEY";

    private readonly Lock _stateGate = new();

    /// <summary>Runs until a signal stops it, or until a child reports wrong settings.</summary>
    /// <returns>Exit code of the process.</returns>
    /// <exception cref="StartRefusedException">Another process holds the data directory, or a port is in use.</exception>
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

    /// <returns>True if a child reported that its settings are wrong.</returns>
    private static async Task<bool> WaitForStopAsync(Task<int>[] running, CancellationTokenSource stopping)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = stopping.Token.Register(() => asked.TrySetResult());
        await Task.WhenAny([asked.Task, .. running]);

        // Without a stop, only wrong settings end a child's loop. An exception in the loop surfaces in StopAsync.
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

        // The front door stops first: it accepts no more callers while the regions finish its requests. If not all children are ready yet, there is nothing to
        // finish, and all stop together.
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

    /// <summary>
    /// The resume key that all edges share, as an environment variable, if the settings have none. It lives as long as the supervisor, so a restarted edge can
    /// read the ids that its predecessor gave out.
    /// </summary>
    public static Dictionary<string, string> Secrets(MeridianOptions options) => options.Gateway.ResumeKey is null
        ? new() { [ResumeKeyVariable] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) }
        : [];

    private void WriteState(IReadOnlyList<Child> children, DevStateFile file)
    {
        // Only one thread writes at a time, and each writes the state of that moment. So the last write has the newest state.
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
