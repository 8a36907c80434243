using Meridian.Silo.CommandLine;
using Meridian.Silo.Processes;

// The commands (`Silo`, the dev supervisor; `Silo region`; `Silo front-door`; `Silo witness`; `Silo drain`; `Silo recover`) are in CommandLine/Commands.cs.
// Hosting/RegionHost.cs builds a region, Hosting/FrontDoorHost.cs a front door.
PrivateFiles.Enforce();
return await Commands.RunAsync(args, Console.Out, Console.Error);
