namespace Meridian.TestModules;

/// <summary>What a test module does to the machine: <c>MachineUse</c> in its project file. It decides which modules may run beside it.</summary>
public enum MachineUse
{
    /// <summary>It fills the processors. It runs beside others that compute.</summary>
    Computes,

    /// <summary>It mostly waits, and its processes keep time: they elect leaders and notice losses by the clock. It runs beside others that wait.</summary>
    Waits,

    /// <summary>Its processes fill the processors and keep time. Nothing runs beside it.</summary>
    Alone,
}
