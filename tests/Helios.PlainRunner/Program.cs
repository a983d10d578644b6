using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using Helios.PlainRunner;
using Xunit.Abstractions;
using Xunit.Sdk;

// Runs tests of the CPU backend where there is no `dotnet test`: published for another processor, under an emulator.
// Arguments are names of test classes; all of them without one.
Console.WriteLine($"{RuntimeInformation.OSArchitecture}, AdvSimd {AdvSimd.IsSupported}, Dp {Dp.IsSupported}");
using var run = new TestRun();
using var framework = new XunitTestFramework(run);
var assembly = new ReflectionAssemblyInfo(Assembly.Load("Helios.Sdk.Cpu.Tests"));
using var discoverer = framework.GetDiscoverer(assembly);
discoverer.Find(includeSourceInformation: false, run, run);
var cases = await run.Discovered.ConfigureAwait(false);
if (args.Length > 0) cases = [.. cases.Where(test => args.Contains(test.TestMethod.TestClass.Class.Name.Split('.')[^1], StringComparer.Ordinal))];
using var executor = framework.GetExecutor(new AssemblyName(assembly.Name));
executor.RunTests(cases, run, run);
return await run.Finished.ConfigureAwait(false) ? 0 : 1;
