namespace Meridian.Federation.Configuration;

/// <summary>What configuration means once there is a log.</summary>
public enum ReconcileMode
{
    /// <summary>Models and tenants that the log does not have are added at the start; what it has stays as operators left it.</summary>
    Add = 0,

    /// <summary>Models and tenants of the log become those of the configuration at the start: for one machine, where the command line is the operator.</summary>
    Exact = 1,
}
