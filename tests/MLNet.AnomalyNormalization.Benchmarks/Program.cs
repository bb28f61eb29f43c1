using BenchmarkDotNet.Running;

BenchmarkSwitcher.FromAssembly(typeof(MLNet.AnomalyNormalization.Benchmarks.FleetBenchmarks).Assembly).Run(args);
