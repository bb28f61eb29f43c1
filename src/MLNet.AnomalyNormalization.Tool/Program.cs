return MLNet.AnomalyNormalization.Tool.AnomalyTool.Run(args, Console.Out, Console.Error);
