using Meridian.Silo.CommandLine;
using Meridian.Silo.Processes;

// The commands (`meridian-server`, the dev supervisor; `region`; `front-door`; `witness`; `drain`; `recover`) are in CommandLine/Commands.cs.
// Hosting/RegionHost.cs builds a region, Hosting/FrontDoorHost.cs a front door.
PrivateFiles.Enforce();
return await Commands.RunAsync(args, Console.Out, Console.Error);
