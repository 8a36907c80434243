using System.Runtime.InteropServices;

namespace Meridian.Inference.Sessions;

/// <summary>
/// Threads of engines: their own, never the pool's, and below normal priority, so that heartbeats and edges get the processor first.
/// </summary>
/// <remarks>
/// .NET ignores <see cref="ThreadPriority"/> on Linux. There a thread's nice value is its own (PRIO_PROCESS with id 0 means the calling thread), is inherited by
/// the threads it starts, ONNX Runtime's included, and may be raised without privileges.
/// </remarks>
public static partial class EngineThread
{
    private const int PriorityOfProcess = 0;

    // Two thirds of the processor time of a thread of normal priority that competes with it. With less, engines of the regions of one machine stand still while another region starts.
    private const int Niceness = 2;
    private const int Lowest = 19;

    /// <summary>Runs <paramref name="body"/> on a new thread; the task ends with it. Continuations run elsewhere.</summary>
    public static Task<T> RunAsync<T>(string name, Func<T> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                LowerPriority();
                done.SetResult(body());
            }
            catch (OperationCanceledException e)
            {
                done.SetCanceled(e.CancellationToken);
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        })
        {
            Name = name,
            IsBackground = true,
            Priority = OperatingSystem.IsLinux() ? ThreadPriority.Normal : ThreadPriority.BelowNormal,
        };
        thread.Start();
        return done.Task;
    }

    /// <value>Nice value of the calling thread, -20 to 19; 0 where there is none.</value>
    public static int CurrentNiceness => OperatingSystem.IsLinux() ? GetPriority(PriorityOfProcess, 0) : 0;

    /// <value>Nice value that the process was started with; 0 where there is none.</value>
    public static int ProcessNiceness => OperatingSystem.IsLinux() ? GetPriority(PriorityOfProcess, Environment.ProcessId) : 0;

    private static void LowerPriority()
    {
        // Relative to the process's first thread, and not to the thread that starts this one: that may be an engine's own, and its threads would come ever later.
        // The process may itself have been started with nice. A refusal (seccomp) costs priority, not function.
        if (OperatingSystem.IsLinux())
            _ = SetPriority(PriorityOfProcess, 0, Math.Min(Lowest, ProcessNiceness + Niceness));
    }

    [LibraryImport("libc", EntryPoint = "getpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetPriority(int which, int who);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, int who, int value);
}
